import { NearIndex } from '../../../shared/alt/near.ts'
import { simhashOf } from '../../../shared/alt/simhash.ts'

type Statement = { readonly published_at: string; readonly text: string }

/** How much of their wording (shingles of three words, Jaccard) two texts share to be called near-duplicates here. */
const SHARED = 0.6
const SHOWN = 5

const shingles = (text: string): Set<string> => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return new Set(words.slice(2).map((_, i) => words.slice(i, i + 3).join(' ')))
}

function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0
  for (const one of a) if (b.has(one)) both++
  return both / (a.size + b.size - both)
}

/** Which pairs of statements the SimHash calls near, held against how much wording they share. */
export function nearDuplicates(statements: readonly Statement[]): void {
  const sets = statements.map(({ text }) => shingles(text))
  const index = new NearIndex()
  let [pairs, found, wrong] = [0, 0, 0]
  const examples: string[] = []
  let least = 1
  for (const [i, { text, published_at }] of statements.entries()) {
    const hash = simhashOf(text)!
    const near = new Set([...index.near(hash)].map(({ number }) => number))
    for (let j = 0; j < i; j++) {
      const share = shared(sets[i]!, sets[j]!)
      if (share >= SHARED) pairs++
      if (!near.has(j)) continue
      if (share >= SHARED) found++
      else wrong++
      least = Math.min(least, share)
      if (examples.length < SHOWN) examples.push(`| ${published_at} | ${statements[j]!.published_at} | ${Math.round(100 * share)} % |`)
    }
    index.add(i, hash)
  }
  const marked = found + wrong
  console.log(
    `Near-duplicates: of ${(statements.length * (statements.length - 1)) / 2} pairs of statements ${marked} are called near; they share ${Math.round(100 * least)} % of their wording at least. ${found} of the ${pairs} pairs that share ${100 * SHARED} % are among them.\n`,
  )
  console.log(`| statement of | nearly repeats | wording shared |\n| --- | --- | --- |\n${examples.join('\n')}\n`)
}
