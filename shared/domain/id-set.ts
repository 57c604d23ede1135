import { IdLog } from './id-log.ts'
import { IdTable } from './id-table.ts'
import { idText, NO_ID, OPAQUE } from './trade-id.ts'

/** What an id set says to a trade. */
export const FRESH = 0
export const DUPLICATE = 1
export const MISMATCH = 2

/** The fingerprint of a trade that is known by its id alone: every copy counts as a repeated one. */
const UNKNOWN = 0

/** Sources number their trades under one or two prefixes; ids under more than this are kept as texts. */
const MOST_PREFIXES = 8

/**
 * The exact set of trade ids that a bucket has counted, each with a fingerprint of what was counted.
 * A set at rest is only its log, some five bytes an id; the tables to look ids up in are four times as large and made when the next id comes.
 */
export class IdSet {
  readonly log = new IdLog()
  #atRest = true
  #prefix = ''
  #table = new IdTable()
  #tables: Map<string, IdTable> | undefined
  #texts: Map<string, number> | undefined

  /** Takes an id in. @returns FRESH if it was not there (or is no id), DUPLICATE if it was with this fingerprint, else MISMATCH. */
  add(prefix: string, number: number, print: number): number {
    if (number === NO_ID) return FRESH
    if (this.#atRest) this.#wake()
    const known = this.#put(prefix, number, print)
    if (known === -1) {
      this.log.append(prefix, number, print)
      return FRESH
    }
    return known === print || known === UNKNOWN ? DUPLICATE : MISMATCH
  }

  /** Notes an id that was counted with a content that is no longer known. */
  know(prefix: string, number: number): void {
    this.add(prefix, number, UNKNOWN)
  }

  /** Fills an empty set from what is stored: its sealed chunks in order, and the open one. */
  load(sealed: readonly Uint8Array[], open: Uint8Array): void {
    this.log.resume(sealed, open)
  }

  /** Lets go of what only the next id needs. */
  rest(): void {
    if (this.#atRest) return
    this.#atRest = true
    this.#prefix = ''
    this.#table = new IdTable()
    this.#tables = undefined
    this.#texts = undefined
  }

  #wake(): void {
    this.#atRest = false
    this.log.each((prefix, number, print) => void this.#put(prefix, number, print))
  }

  #put(prefix: string, number: number, print: number): number {
    if (number !== OPAQUE) {
      if (prefix === this.#prefix) return this.#table.put(number, print)
      const table = this.#tableOf(prefix)
      if (table) return table.put(number, print)
    }
    const text = idText(prefix, number)!
    this.#texts ??= new Map()
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, print)
    return -1
  }

  /** The table of a prefix, which becomes the one looked at first; undefined for a prefix beyond the limit. */
  #tableOf(prefix: string): IdTable | undefined {
    this.#tables ??= new Map([[this.#prefix, this.#table]])
    let table = this.#tables.get(prefix)
    if (table === undefined) {
      if (this.#tables.size >= MOST_PREFIXES) return undefined
      table = new IdTable()
      this.#tables.set(prefix, table)
    }
    this.#prefix = prefix
    this.#table = table
    return table
  }
}
