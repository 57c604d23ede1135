import type { ColumnData, Numbers } from '../delta/column-data.ts'
import { compareUtf8 } from '../delta/range.ts'
import { BUY, type TickFields, TRADE } from '../domain/tick-fields.ts'
import { TextList } from './text-list.ts'
import { tradeIds, tradeRefs } from './trade-ids.ts'

const FIRST_ROWS = 8_192
const DAY_MS = 86_400_000
/** Where a tick stands in the stream. */
export type Place = { readonly epoch: number; readonly sequence: number; readonly line: number; readonly receivedMs: number }

/** Rows of one partition, sorted: for each column its values. */
export type Group = { readonly day: number; readonly symbol: string; readonly rows: number; readonly values: Record<string, ColumnData> }

const NUMBERS = ['tsMs', 'price', 'qty', 'bid', 'ask', 'idNumber', 'sequence', 'receivedMs'] as const
const SMALL = ['symbol', 'exchange', 'idPrefix', 'line', 'epoch', 'flags'] as const

/** Ticks as columns of plain numbers, texts by their number in a list: what a row costs while it waits for its group is about 90 bytes. */
export class TickRows {
  length = 0
  readonly #numbers: Record<(typeof NUMBERS)[number], Float64Array>
  readonly #small: Record<(typeof SMALL)[number], Uint32Array>
  readonly #texts = new TextList()

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

  #values(order: Uint32Array): Record<string, ColumnData> {
    const { tsMs, price, qty, bid, ask, sequence, receivedMs } = this.#numbers
    const { symbol, exchange, line, epoch, flags } = this.#small
    const texts = this.#texts.all
    const ids = { numbers: this.#numbers.idNumber, prefixes: this.#small.idPrefix, texts: this.#texts }
    return {
      timestamp: numbers(tsMs, order, 1000),
      exchange: { kind: 'coded', texts, codes: codes(exchange, order) },
      symbol: { kind: 'coded', texts, codes: codes(symbol, order) },
      price: numbers(price, order),
      qty: numbers(qty, order),
      side: { kind: 'coded', texts: SIDES, codes: codes(flags, order, (flag) => (flag & 3) - BUY) },
      trade_id: tradeIds(ids, order),
      trade_ref: tradeRefs(ids, order),
      kind: { kind: 'coded', texts: KINDS, codes: codes(flags, order, (flag) => (flag >> 2) - TRADE) },
      bid: numbers(bid, order),
      ask: numbers(ask, order),
      received: numbers(receivedMs, order, 1000),
      stream_epoch: numbers(epoch, order),
      stream_seq: numbers(sequence, order),
      stream_line: numbers(line, order),
    }
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

/** By what a tick's flags say, from BUY and TRADE on. */
const SIDES = ['buy', 'sell']
const KINDS = ['trade', 'quote', 'ticker']

/** Numbers as a column: what was not given, or is beyond the doubles, is null. */
function numbers(values: Float64Array | Uint32Array, order: Uint32Array, times = 1): Numbers {
  const column = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) {
    const value = values[order[i]!]! * times
    column[i] = Number.isFinite(value) ? value : Number.NaN
  }
  return { kind: 'numbers', values: column }
}

function codes(values: Uint32Array, order: Uint32Array, of = (value: number): number => value): Int32Array {
  const column = new Int32Array(order.length)
  for (let i = 0; i < order.length; i++) column[i] = of(values[order[i]!]!)
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
