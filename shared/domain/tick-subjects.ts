import { exchangeOf, symbolOf } from '../contract/subjects.ts'
import { slotOf } from './slot.ts'
import type { ExpectedSymbol } from './tick-fields.ts'

/** What a subject of ticks stands for. */
export type TickSubject = { readonly slot: number; readonly exchange: string; readonly symbol: ExpectedSymbol }

const MOST_SUBJECTS = 100_000

/** What subjects stand for, kept from batch to batch. */
export class TickSubjects {
  readonly #slots: number
  readonly #known = new Map<string, TickSubject>()

  /** @param slots - how many slots the stream has. */
  constructor(slots: number) {
    this.#slots = slots
  }

  of(text: string): TickSubject {
    const known = this.#known.get(text)
    if (known) return known
    const symbol = symbolOf(text)
    const made = {
      slot: slotOf(symbol, this.#slots),
      exchange: exchangeOf(text) ?? 'unknown',
      symbol: { text: symbol, bytes: new TextEncoder().encode(symbol) },
    }
    if (this.#known.size >= MOST_SUBJECTS) this.#known.clear()
    this.#known.set(text, made)
    return made
  }
}
