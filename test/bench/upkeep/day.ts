import type { Table } from '../../../shared/delta/table.ts'

const DAY_MS = 86_400_000
const FLUSH_MS = 10_000
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `SYM${String(i).padStart(2, '0')}`)

/** A table that a day of flushes is written to: `rows` rows each, as flush-batch writes them. */
export class Day {
  readonly #table: Table
  readonly #rows: number
  readonly #startMs: number
  #sequence = 0
  #price = 100

  /** @param startMs - when the day begins. */
  constructor(table: Table, rows: number, startMs: number) {
    this.#table = table
    this.#rows = rows
    this.#startMs = startMs - (startMs % DAY_MS)
  }

  /** Writes the flush of that number, with its file as old as `atMs`. */
  async flush(number: number, atMs: number): Promise<void> {
    const { add, bytes } = this.#file(number, atMs)
    await this.#table.store(add, bytes)
    const txns = [{ appId: 'flush-batch/MARKET_TICKS/e1/0-15', version: BigInt(this.#sequence) }]
    await this.#table.append(() => ({ adds: [add], txns }))
  }

  #file(number: number, atMs: number) {
    const count = this.#rows
    const bySymbol = Array.from({ length: count }, (_, i) => SYMBOLS[Math.floor((i * SYMBOLS.length) / count)]!)
    const times = BigInt64Array.from({ length: count }, (_, i) => {
      const place = (i % Math.ceil(count / SYMBOLS.length)) / Math.ceil(count / SYMBOLS.length)
      return BigInt(Math.floor(this.#startMs + (number + place) * FLUSH_MS)) * 1000n
    })
    const prices = Float64Array.from({ length: count }, () => {
      this.#price = Math.max(1, Math.round((this.#price + (Math.random() - 0.5) / 5) * 100) / 100)
      return this.#price
    })
    const sequences = BigInt64Array.from({ length: count }, (_, i) => BigInt(this.#sequence + i + 1))
    this.#sequence += count
    const nothing = new Array<null>(count).fill(null)
    const file = this.#table.file({ dt: new Date(this.#startMs).toISOString().slice(0, 10) })
    file.write(count, {
      timestamp: times,
      exchange: new Array<string>(count).fill('bench'),
      symbol: bySymbol,
      price: prices,
      qty: Float64Array.from({ length: count }, () => Math.ceil(Math.random() * 20) * 100),
      side: Array.from({ length: count }, () => (Math.random() < 0.5 ? 'buy' : 'sell')),
      trade_id: sequences,
      trade_ref: nothing,
      kind: new Array<string>(count).fill('trade'),
      bid: nothing,
      ask: nothing,
      received: times,
      stream_epoch: new Int32Array(count).fill(1),
      stream_seq: sequences,
      stream_line: new Int32Array(count),
    })
    return file.finish(atMs)
  }
}
