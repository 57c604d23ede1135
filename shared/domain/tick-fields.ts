import { MOST_TEXT, type Tick } from '../contract/tick.ts'
import { msOfTime } from '../contract/tick-time.ts'
import { asciiText, LastText, standsAt } from './ascii.ts'
import { QUOTE_MARK, stringEnd } from './json-text.ts'
import { KEY } from './tick-keys.ts'
import { ID_DIGITS, NO_ID, numberLength, OPAQUE } from './trade-id.ts'

export const TRADE = 0
export const QUOTE = 1
const TICKER = 2

const UNKNOWN_SIDE = 0
export const BUY = 1
export const SELL = 2

/** The symbol a tick is expected to name: compared as bytes, so that the usual tick costs no string. */
export type ExpectedSymbol = { readonly text: string; readonly bytes: Uint8Array }

/** The fields of one tick. They are reused from tick to tick: no object is made on the way. */
export class TickFields {
  tsMs = 0
  kind = TRADE
  /** NaN where none is given. */
  price = Number.NaN
  qty = Number.NaN
  bid = Number.NaN
  ask = Number.NaN
  side = UNKNOWN_SIDE
  idPrefix = ''
  idNumber = NO_ID
  exchange: string | null = null
  symbol: string | null = null

  // What the fields above were taken from: the best alias so far.
  #time = KEY.none as number
  #venue = KEY.none as number
  #cost = KEY.none as number
  #amount = KEY.none as number
  readonly #lastExchange = new LastText()
  readonly #lastPrefix = new LastText()

  /** Takes its fields from a tick that the schema has read. */
  fill(tick: Tick): void {
    this.tsMs = tick.ts_ms
    this.kind = tick.kind === 'trade' ? TRADE : tick.kind === 'quote' ? QUOTE : TICKER
    this.price = tick.price ?? Number.NaN
    this.qty = tick.qty ?? Number.NaN
    this.bid = tick.bid ?? Number.NaN
    this.ask = tick.ask ?? Number.NaN
    this.side = tick.side === 'buy' ? BUY : tick.side === 'sell' ? SELL : UNKNOWN_SIDE
    this.exchange = tick.exchange
    this.symbol = tick.symbol
    const id = tick.trade_id
    const digits = id === null ? 0 : numberLength(id)
    this.idPrefix = id === null ? '' : id.slice(0, id.length - digits)
    this.idNumber = id === null ? NO_ID : digits === 0 ? OPAQUE : Number(id.slice(-digits))
  }

  protected clear(): void {
    this.price = Number.NaN
    this.qty = Number.NaN
    this.bid = Number.NaN
    this.ask = Number.NaN
    this.side = UNKNOWN_SIDE
    this.idPrefix = ''
    this.idNumber = NO_ID
    this.exchange = null
    this.symbol = null
    this.#time = this.#venue = this.#cost = this.#amount = KEY.none
  }

  /** Whether what was taken is a tick. */
  protected complete(): boolean {
    if (this.#time === KEY.none) return false
    const isQuoted = !Number.isNaN(this.bid) && !Number.isNaN(this.ask)
    this.kind = this.#amount !== KEY.none ? TRADE : isQuoted ? QUOTE : TICKER
    return this.kind !== TRADE || this.#cost !== KEY.none
  }

  /** Takes the number `value` of bytes [start, end); `whole` if they are all digits. @returns whether the schema surely reads it so. */
  protected takeNumber(key: number, value: number, whole: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    switch (key) {
      case KEY.none:
        return true
      case KEY.ts_ms:
      case KEY.timestamp:
      case KEY.event_ts:
      case KEY.ts:
        if (!whole || end - start < 12 || end - start > 14) return this.#takeTime(key, whole ? asciiText(bytes, start, end) : String(value))
        if (this.#time !== KEY.none && this.#time < key) return true
        this.tsMs = value
        this.#time = key
        return true
      case KEY.price:
      case KEY.last:
        if (this.#cost !== KEY.none && this.#cost < key) return true
        this.price = value
        this.#cost = key
        return true
      case KEY.qty:
      case KEY.size:
        if (this.#amount !== KEY.none && this.#amount < key) return true
        this.qty = value
        this.#amount = key
        return true
      case KEY.trade_id:
        if (!whole || end - start > MOST_TEXT) return false
        this.idPrefix = end - start > ID_DIGITS ? asciiText(bytes, start, end) : ''
        this.idNumber = end - start > ID_DIGITS ? OPAQUE : value
        return true
      case KEY.bid:
        this.bid = value
        return true
      case KEY.ask:
        this.ask = value
        return true
      default:
        return false
    }
  }

  /** Takes the string that begins at `start`. @returns the offset of its closing mark, or -1 unless the schema surely reads it so. */
  protected takeString(key: number, bytes: Uint8Array, start: number, expected: ExpectedSymbol): number {
    if (key === KEY.symbol && standsAt(bytes, start, expected.bytes) && bytes[start + expected.bytes.length] === QUOTE_MARK) {
      this.symbol = expected.text
      return expected.bytes.length === 0 ? -1 : start + expected.bytes.length
    }
    const end = stringEnd(bytes, start)
    if (end < 0 || key === KEY.none) return end
    if (end === start || end - start > MOST_TEXT) return -1
    return this.#takeText(key, bytes, start, end) ? end : -1
  }

  #takeText(key: number, bytes: Uint8Array, start: number, end: number): boolean {
    switch (key) {
      case KEY.exchange:
      case KEY.venue:
        if (this.#venue !== KEY.none && this.#venue < key) return true
        this.exchange = this.#lastExchange.read(bytes, start, end)
        this.#venue = key
        return true
      case KEY.symbol:
        this.symbol = asciiText(bytes, start, end)
        return true
      case KEY.side:
        this.side = sideOf(bytes, start, end)
        return this.side !== UNKNOWN_SIDE
      case KEY.trade_id:
        this.#takeId(bytes, start, end)
        return true
      case KEY.ts_ms:
      case KEY.timestamp:
      case KEY.event_ts:
      case KEY.ts:
        return this.#takeTime(key, asciiText(bytes, start, end))
      default:
        return false
    }
  }

  #takeTime(key: number, text: string): boolean {
    if (this.#time !== KEY.none && this.#time < key) return true
    const ms = msOfTime(text)
    if (ms === undefined) return false
    this.tsMs = ms
    this.#time = key
    return true
  }

  /** See numberLength in trade-id.ts, which tells the same of a text. */
  #takeId(bytes: Uint8Array, start: number, end: number): void {
    let from = end
    let number = 0
    for (let unit = 1; from > start && unit <= 1e15; unit *= 10) {
      const digit = bytes[from - 1]! - 48
      if (digit < 0 || digit > 9) break
      number += digit * unit
      from--
    }
    const digits = end - from
    const written = digits > 0 && digits <= ID_DIGITS && (digits === 1 || bytes[from] !== 48)
    this.idPrefix = !written ? asciiText(bytes, start, end) : from === start ? '' : this.#lastPrefix.read(bytes, start, from)
    this.idNumber = written ? number : OPAQUE
  }
}

/** The side that letters of either case name; UNKNOWN_SIDE for anything else. */
function sideOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  const first = bytes[start]! | 32
  if (first === 98)
    return length === 1 || (length === 3 && (bytes[start + 1]! | 32) === 117 && (bytes[start + 2]! | 32) === 121) ? BUY : UNKNOWN_SIDE
  if (first !== 115 || (length !== 1 && length !== 4)) return UNKNOWN_SIDE
  const rest = length === 1 || ((bytes[start + 1]! | 32) === 101 && (bytes[start + 2]! | 32) === 108 && (bytes[start + 3]! | 32) === 108)
  return rest ? SELL : UNKNOWN_SIDE
}
