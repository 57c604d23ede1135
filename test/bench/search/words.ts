import { pick } from '../../chaos/random.ts'

/** Different words of a hundred thousand news stories: most come once or twice (Heaps' law). */
const WORDS = 60_000
/** Zipf and Mandelbrot: the word of rank r comes 1 / (r + SHIFT)^EXPONENT times as often. */
const EXPONENT = 1.07
const SHIFT = 2.7
const WORD = /\p{L}[\p{L}\p{N}'-]*/gu
const SYLLABLES =
  'al an ar be bri ca cor da del dor el en fal gan gre ha is ja kor la len lor ma mer mo nar nel o per ra ri sal sen ta tor u ve vin wes zan'.split(
    ' ',
  )

/** Draws words as often as texts have them: first those of real texts, by how often these have them, then names that are made up. */
export function wordSource(next: () => number, texts: readonly string[]): () => string {
  const counts = new Map<string, number>()
  for (const text of texts)
    for (const [word] of text.matchAll(WORD)) counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1)
  const words = new Set([...counts].sort(([, a], [, b]) => b - a).map(([word]) => word))
  while (words.size < WORDS) words.add(nameOf(next))
  const ranked = [...words]
  const sums = new Float64Array(ranked.length)
  let sum = 0
  for (let rank = 0; rank < sums.length; rank++) sums[rank] = sum += (rank + SHIFT) ** -EXPONENT
  return () => ranked[placeOf(sums, next() * sum)]!
}

function nameOf(next: () => number): string {
  const name = Array.from({ length: 2 + Math.floor(next() * 3) }, () => pick(next, SYLLABLES)).join('')
  return name[0]!.toUpperCase() + name.slice(1)
}

/** The first place whose sum is above a value. */
function placeOf(sums: Float64Array, value: number): number {
  let [from, to] = [0, sums.length - 1]
  while (from < to) {
    const middle = (from + to) >> 1
    if (sums[middle]! > value) to = middle
    else from = middle + 1
  }
  return from
}
