import { wordsOf } from '../text/words.ts'
import type { SymbolsFile } from './aliases.ts'

/** What an alias means, and when. */
export type Meaning = {
  readonly symbol: string
  /** How it must be written; undefined where any case will do. */
  readonly spellings: readonly string[] | undefined
  readonly needsContext: boolean
}

/** A step on the way through the words of aliases, in small letters. */
export type Node = { readonly next: Map<string, Node>; readonly meanings: Meaning[] }

/** The alias table, made to be walked. */
export type AliasTable = {
  readonly root: Node
  /** Symbols by how they stand behind a dollar sign or an exchange, in capitals. */
  readonly marked: ReadonlyMap<string, string>
  readonly exchanges: ReadonlySet<string>
  /** Words in small letters, and the symbols in whose favour they speak. */
  readonly context: ReadonlyMap<string, readonly string[]>
}

/** What parts two words of an alias does not matter where it is blank; a hyphen or an ampersand does. */
const spelled = (text: string): string =>
  wordsOf(text)
    .map((word) => word.text)
    .join(' ')

/** Makes the table. @throws {Error} when two symbols are found by the same alias. */
export function aliasTable({ exchanges, symbols }: SymbolsFile): AliasTable {
  const root: Node = { next: new Map(), meanings: [] }
  const marked = new Map<string, string>()
  const context = new Map<string, string[]>()

  const add = (alias: string, meaning: Meaning) => {
    let node = root
    for (const { text } of wordsOf(alias)) {
      const word = text.toLowerCase()
      const next = node.next.get(word) ?? { next: new Map(), meanings: [] }
      node.next.set(word, next)
      node = next
    }
    if (node === root) throw new Error(`"${alias}" of ${meaning.symbol} has no word`)
    const other = node.meanings.find((one) => clash(one, meaning))
    if (other && other.symbol !== meaning.symbol) throw new Error(`"${alias}" is of ${other.symbol} and of ${meaning.symbol}`)
    if (!other) node.meanings.push(meaning)
  }
  const mark = (ticker: string, symbol: string) => {
    const other = marked.get(ticker.toUpperCase())
    if (other !== undefined && other !== symbol) throw new Error(`"$${ticker}" is of ${other} and of ${symbol}`)
    marked.set(ticker.toUpperCase(), symbol)
  }
  for (const [symbol, about] of Object.entries(symbols)) {
    for (const ticker of [symbol, ...about.tickers]) {
      const isMarked = about.ticker === 'marked' || ticker.length <= 2
      mark(ticker, symbol)
      add(ticker, { symbol, spellings: [spelled(ticker)], needsContext: isMarked })
    }
    for (const name of about.names) add(name, { symbol, spellings: [spelled(name), spelled(name.toUpperCase())], needsContext: false })
    for (const word of about.words) add(word, { symbol, spellings: undefined, needsContext: false })
    for (const name of about.ambiguous) add(name, { symbol, spellings: [spelled(name), spelled(name.toUpperCase())], needsContext: true })
    for (const word of about.context) context.set(word.toLowerCase(), [...(context.get(word.toLowerCase()) ?? []), symbol])
  }
  return { root, marked, context, exchanges: new Set(exchanges) }
}

const clash = (a: Meaning, b: Meaning): boolean =>
  !a.spellings || !b.spellings || a.spellings.some((spelling) => b.spellings!.includes(spelling))
