import { compareUtf8, type Values } from '../delta/stats.ts'
import { BUY, QUOTE, SELL, type TickFields, TRADE } from '../domain/tick-fields.ts'
import { idText } from '../domain/trade-id.ts'

const FIRST_ROWS = 8_192
const DAY_MS = 86_400_000
/** The greatest long, and how many digits it has. */
const MOST_LONG = 2n ** 63n - 1n
const LONG_DIGITS = 19

/** Where a tick stands in the stream. */
export type Place = { readonly epoch: number; readonly sequence: number; readonly line: number; readonly receivedMs: number }

/** Rows of one partition, sorted: for each column its values. */
export type Group = { readonly day: number; readonly symbol: string; readonly rows: number; readonly values: Record<string, Values> }

const NUMBERS = ['tsMs', 'price', 'qty', 'bid', 'ask', 'idNumber', 'sequence', 'receivedMs'] as const
const SMALL = ['symbol', 'exchange', 'idPrefix', 'line', 'epoch', 'flags'] as const

/** Ticks as columns of plain numbers, texts by their number in a list: what a row costs while it waits for its group is about 90 bytes. */
export class TickRows {
  length = 0
  readonly #numbers: Record<(typeof NUMBERS)[number], Float64Array>
  readonly #small: Record<(typeof SMALL)[number], Uint32Array>
  readonly #texts = new Texts()

  constructor() {
    const of = <T>(names: readonly string[], make: () => T) => Object.fromEntries(names.map((name) => [name, make()])) as Record<string, T>
    this.#numbers = of(NUMBERS, () => new Float64Array(FIRST_ROWS)) as Record<(typeof NUMBERS)[number], Float64Array>
    this.#small = of(SMALL, () => new Uint32Array(FIRST_ROWS)) as Record<(typeof SMALL)[number], Uint32Array>
  }

  /** Adds a tick. */
  add(tick: TickFields, exchange: string, symbol: string, { epoch, sequence, line, receivedMs }: Place): void {
    const i = this.length
    if (i === this.#numbers.tsMs.length) this.#grow()
    const n = this.#numbers
    const s = this.#small
    n.tsMs[i] = tick.tsMs
    n.price[i] = tick.price
    n.qty[i] = tick.qty
    n.bid[i] = tick.bid
    n.ask[i] = tick.ask
    n.idNumber[i] = tick.idNumber
    n.sequence[i] = sequence
    n.receivedMs[i] = receivedMs
    s.symbol[i] = this.#texts.numberOf(symbol)
    s.exchange[i] = this.#texts.numberOf(exchange)
    s.idPrefix[i] = this.#texts.numberOf(tick.idPrefix)
    s.line[i] = line
    s.epoch[i] = epoch
    s.flags[i] = tick.kind * 4 + tick.side
    this.length = i + 1
  }

  /** Forgets the rows from one on. */
  truncate(length: number): void {
    this.length = length
    if (length === 0) this.#texts.clear()
  }

  /** The days and, where asked for, the symbols of the rows: each is a group. */
  groups(bySymbol: boolean): Group[] {
    const runs = this.#runs()
    const groups: Group[] = []
    for (let from = 0; from < runs.length; ) {
      const { day, symbol } = runs[from]!
      let to = from + 1
      while (to < runs.length && runs[to]!.day === day && !bySymbol) to++
      const order = joined(runs.slice(from, to).map((run) => run.rows))
      groups.push({ day, symbol: this.#texts.text(symbol), rows: order.length, values: this.#values(order) })
      from = to
    }
    return groups
  }

  /** The rows of each day and symbol by time, then as they came; days and symbols in their order. */
  #runs(): { readonly day: number; readonly symbol: number; readonly rows: Uint32Array }[] {
    const { tsMs } = this.#numbers
    const { symbol } = this.#small
    const byDay = new Map<number, Map<number, number[]>>()
    for (let i = 0; i < this.length; i++) {
      const day = Math.floor(tsMs[i]! / DAY_MS)
      const symbols = byDay.get(day) ?? new Map<number, number[]>()
      if (symbols.size === 0) byDay.set(day, symbols)
      const rows = symbols.get(symbol[i]!)
      if (rows) rows.push(i)
      else symbols.set(symbol[i]!, [i])
    }
    const runs = [...byDay].flatMap(([day, symbols]) =>
      [...symbols].map(([number, rows]) => ({ day, symbol: number, rows: this.#byTime(rows) })),
    )
    return runs.sort((a, b) => a.day - b.day || compareUtf8(this.#texts.text(a.symbol), this.#texts.text(b.symbol)))
  }

  #byTime(rows: readonly number[]): Uint32Array {
    const { tsMs } = this.#numbers
    const order = Uint32Array.from(rows)
    // Sources send them in order, but for a few.
    for (let i = 1; i < order.length; i++)
      if (tsMs[order[i]!]! < tsMs[order[i - 1]!]!) return order.sort((a, b) => tsMs[a]! - tsMs[b]! || a - b)
    return order
  }

  #values(order: Uint32Array): Record<string, Values> {
    const { tsMs, price, qty, bid, ask, sequence, receivedMs } = this.#numbers
    const { symbol, exchange, line, epoch, flags } = this.#small
    const texts = this.#texts
    const each = <T>(of: (row: number) => T): T[] => Array.from(order, of)
    return {
      timestamp: longs(tsMs, order, 1000),
      exchange: each((i) => texts.text(exchange[i]!)),
      symbol: each((i) => texts.text(symbol[i]!)),
      price: finite(price, order),
      qty: finite(qty, order),
      side: each((i) => SIDES[flags[i]! & 3]!),
      trade_id: this.#tradeIds(order),
      trade_ref: each((i) => this.#tradeRef(i)),
      kind: each((i) => KINDS[flags[i]! >> 2]!),
      bid: finite(bid, order),
      ask: finite(ask, order),
      received: longs(receivedMs, order, 1000),
      stream_epoch: picked(epoch, order),
      stream_seq: longs(sequence, order, 1),
      stream_line: picked(line, order),
    }
  }

  /** Mostly all are numbers that a double holds. */
  #tradeIds(order: Uint32Array): Values {
    const { idNumber } = this.#numbers
    const { idPrefix } = this.#small
    for (const i of order)
      if (idNumber[i]! < 0 || this.#texts.text(idPrefix[i]!) !== '') return Array.from(order, (row) => this.#tradeId(row))
    return longs(idNumber, order, 1)
  }

  #tradeId(row: number): bigint | null {
    const number = this.#numbers.idNumber[row]!
    const prefix = this.#texts.text(this.#small.idPrefix[row]!)
    if (number >= 0) return prefix === '' ? BigInt(number) : null
    // Whole numbers of more digits than a double holds come as text.
    if (prefix.length > LONG_DIGITS || !/^[1-9]\d*$/.test(prefix)) return null
    const id = BigInt(prefix)
    return id <= MOST_LONG ? id : null
  }

  #tradeRef(row: number): string | null {
    const prefix = this.#texts.text(this.#small.idPrefix[row]!)
    if (prefix === '' || this.#tradeId(row) !== null) return null
    return idText(prefix, this.#numbers.idNumber[row]!)
  }

  #grow(): void {
    const size = 2 * this.#numbers.tsMs.length
    for (const name of NUMBERS) {
      const larger = new Float64Array(size)
      larger.set(this.#numbers[name])
      this.#numbers[name] = larger
    }
    for (const name of SMALL) {
      const larger = new Uint32Array(size)
      larger.set(this.#small[name])
      this.#small[name] = larger
    }
  }
}

const SIDES: (string | null)[] = []
SIDES[0] = null
SIDES[BUY] = 'buy'
SIDES[SELL] = 'sell'
const KINDS: string[] = ['', '', '']
KINDS.fill('ticker')
KINDS[TRADE] = 'trade'
KINDS[QUOTE] = 'quote'

/** Whole numbers of at most 53 bits, none below zero, as longs: written by their halves, since a bigint each would be garbage each. */
function longs(values: Float64Array, order: Uint32Array, times: number): Values {
  const column = new BigInt64Array(order.length)
  const halves = new Uint32Array(column.buffer)
  for (let i = 0; i < order.length; i++) {
    const value = values[order[i]!]! * times
    halves[2 * i] = value
    halves[2 * i + 1] = value / 2 ** 32
  }
  return column
}

function picked(values: Uint32Array, order: Uint32Array): Values {
  const column = new Int32Array(order.length)
  for (let i = 0; i < order.length; i++) column[i] = values[order[i]!]!
  return column
}

/** Numbers as a column: what was not given, or is beyond the doubles, is null. */
function finite(values: Float64Array, order: Uint32Array): Values {
  const column = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) {
    const value = values[order[i]!]!
    if (!Number.isFinite(value)) return Array.from(order, (row) => (Number.isFinite(values[row]!) ? values[row]! : null))
    column[i] = value
  }
  return column
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  if (parts.length === 1) return parts[0]!
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Texts by number. The one asked for last is mostly asked for again. */
class Texts {
  readonly #numbers = new Map<string, number>()
  #texts: string[] = []

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#texts.length)
    return this.#texts.push(text) - 1
  }

  text(number: number): string {
    return this.#texts[number]!
  }

  clear(): void {
    this.#numbers.clear()
    this.#texts = []
  }
}
