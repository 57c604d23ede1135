import { type Word, wordsOf } from '../text/words.ts'
import { NEAR } from './aliases.ts'
import type { AliasTable, Meaning, Node } from './table.ts'

/** Symbols found, the one named most often first. `steps`: how much work it was; it grows as the text does. */
export type FoundSymbols = { readonly symbols: readonly string[]; readonly steps: number }

/** Where a word stood that speaks for a symbol, or a name that needs one. */
type Place = { readonly at: number; readonly symbol: string }

const TICKER = /^[A-Z]{1,5}$/

/**
 * Finds the symbols that a text names, in one pass over its words. At each word the longest alias wins, and the words it took are over. `$BTC` and
 * `NASDAQ: ORCL` go before all else: the first must be in the table, the second speaks for itself.
 */
export function findSymbols(text: string, table: AliasTable): FoundSymbols {
  const words = wordsOf(text)
  const counts = new Map<string, number>()
  const speaking: Place[] = []
  const waiting: Place[] = []
  let steps = words.length
  const count = (symbol: string) => counts.set(symbol, (counts.get(symbol) ?? 0) + 1)

  for (let i = 0; i < words.length; ) {
    for (const symbol of table.context.get(words[i]!.text.toLowerCase()) ?? []) {
      speaking.push({ at: i, symbol })
      steps++
    }
    const marked = markedAt(words, i, table)
    if (marked) {
      count(marked.symbol)
      i = marked.end
      continue
    }
    const found = longestAt(words, i, table.root)
    steps += found.steps
    if (!found.meaning) {
      i++
      continue
    }
    if (found.meaning.needsContext) waiting.push({ at: i, symbol: found.meaning.symbol })
    else count(found.meaning.symbol)
    i += found.words
  }
  for (const symbol of spokenFor(waiting, speaking)) count(symbol)
  const symbols = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([symbol]) => symbol)
  return { symbols, steps: steps + waiting.length + speaking.length }
}

/** `$BTC` (no blank between), and `NASDAQ: ORCL`. */
function markedAt(words: readonly Word[], i: number, { marked, exchanges }: AliasTable): { symbol: string; end: number } | undefined {
  const [first, second, third] = [words[i]!, words[i + 1], words[i + 2]]
  if (first.text === '$' && second?.start === first.end) return tickerAt(words, i + 1, (ticker) => marked.get(ticker.toUpperCase()))
  if (!exchanges.has(first.text) || second?.text !== ':' || !third) return undefined
  return tickerAt(words, i + 2, (ticker) => marked.get(ticker) ?? (TICKER.test(ticker) ? ticker : undefined))
}

/** A ticker of one word, or of two with a point between them: BRK.B. */
function tickerAt(words: readonly Word[], i: number, symbolOf: (ticker: string) => string | undefined) {
  const [first, point, last] = [words[i]!, words[i + 1], words[i + 2]]
  if (point?.text === '.' && point.start === first.end && last?.start === point.end) {
    const symbol = symbolOf(`${first.text}.${last.text}`)
    if (symbol !== undefined) return { symbol, end: i + 3 }
  }
  const symbol = symbolOf(first.text)
  return symbol === undefined ? undefined : { symbol, end: i + 1 }
}

/** The longest alias that begins with this word. Its length is bounded by that of the longest alias, whatever the text. */
function longestAt(words: readonly Word[], i: number, root: Node): { meaning?: Meaning; words: number; steps: number } {
  let node: Node | undefined = root
  let spelling = ''
  let longest: { meaning?: Meaning; words: number } = { words: 0 }
  let steps = 0
  for (let at = i; at < words.length; at++) {
    const { text } = words[at]!
    node = node.next.get(text.toLowerCase())
    steps++
    if (!node) break
    spelling = at === i ? text : `${spelling} ${text}`
    const meaning = node.meanings.find(({ spellings }) => !spellings || spellings.includes(spelling))
    if (meaning) longest = { meaning, words: at - i + 1 }
  }
  return { ...longest, steps }
}

/** Of names that need context those that have it; both lists are in the order of the text. */
function spokenFor(waiting: readonly Place[], speaking: readonly Place[]): string[] {
  const lastBefore = new Map<string, number>()
  const spoken = new Set<Place>()
  // Once forwards for what stands before a name, once backwards for what stands behind it.
  const pass = (places: readonly { readonly place: Place; readonly speaks: boolean }[]) => {
    lastBefore.clear()
    for (const { place, speaks } of places) {
      if (speaks) lastBefore.set(place.symbol, place.at)
      else if (Math.abs(place.at - (lastBefore.get(place.symbol) ?? Number.NEGATIVE_INFINITY)) <= NEAR) spoken.add(place)
    }
  }
  const all = [...waiting.map((place) => ({ place, speaks: false })), ...speaking.map((place) => ({ place, speaks: true }))].sort(
    (a, b) => a.place.at - b.place.at,
  )
  pass(all)
  pass(all.reverse())
  return [...spoken].map(({ symbol }) => symbol)
}
