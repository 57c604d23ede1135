import { MOST_TEXT, type Tick } from '../contract/tick.ts'
import { msOfTime } from '../contract/tick-time.ts'
import { asciiText, LastText, sameBytes } from './ascii.ts'
import { JsonNumber } from './json-number.ts'
import { KEY, keyOf } from './tick-keys.ts'
import { ID_DIGITS, NO_ID, numberLength, OPAQUE } from './trade-id.ts'

export const TRADE = 0
export const QUOTE = 1
export const TICKER = 2

export const UNKNOWN_SIDE = 0
export const BUY = 1
export const SELL = 2

const QUOTATION = 34
const BACKSLASH = 92
const MINUS = 45

/** The symbol a tick is expected to name: compared as bytes, so that the usual tick costs no string. */
export type ExpectedSymbol = { readonly text: string; readonly bytes: Uint8Array }

/**
 * Reads the usual form of a tick straight from bytes: one flat JSON object of ASCII strings, numbers and plain literals.
 * It either fills its fields exactly as the schema would (shared/contract/tick.ts; a property test holds them equal), or gives up.
 * The fields are reused from tick to tick: no object is made on the way.
 */
export class TickScanner {
  tsMs = 0
  kind = TRADE
  /** NaN where none is given. */
  price = Number.NaN
  qty = Number.NaN
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
  #quoted = 0
  #start = 0
  readonly #number = new JsonNumber()
  readonly #lastExchange = new LastText()
  readonly #lastPrefix = new LastText()

  /** @returns the offset after the object that starts at `at`, or -1 where it is anything but usual. A control character must follow the text. */
  scan(bytes: Uint8Array, at: number, expected: ExpectedSymbol): number {
    this.#clear()
    let i = at
    do {
      i = skipSpace(bytes, i + 1)
      if (bytes[i] !== QUOTATION) return -1
      const keyStart = i + 1
      const keyEnd = stringEnd(bytes, keyStart)
      if (keyEnd < 0) return -1
      i = skipSpace(bytes, keyEnd + 1)
      if (bytes[i] !== 58) return -1
      i = skipSpace(bytes, i + 1)
      const key = keyOf(bytes, keyStart, keyEnd)
      const c = bytes[i]!
      if (c === QUOTATION) {
        const end = stringEnd(bytes, i + 1)
        if (end < 0 || !this.#takeString(key, bytes, i + 1, end, expected)) return -1
        i = end + 1
      } else if (c === MINUS || (c >= 48 && c <= 57)) {
        this.#start = i
        i = this.#number.read(bytes, i)
        if (i < 0 || !this.#takeNumber(key, bytes, i)) return -1
      } else {
        if (key !== KEY.none) return -1
        i = literalEnd(bytes, i)
        if (i < 0) return -1
      }
      i = skipSpace(bytes, i)
    } while (bytes[i] === 44)
    return bytes[i] === 125 && this.#complete() ? i + 1 : -1
  }

  /** Takes its fields from a tick that the schema has read. */
  fill(tick: Tick): void {
    this.tsMs = tick.ts_ms
    this.kind = tick.kind === 'trade' ? TRADE : tick.kind === 'quote' ? QUOTE : TICKER
    this.price = tick.price ?? Number.NaN
    this.qty = tick.qty ?? Number.NaN
    this.side = tick.side === 'buy' ? BUY : tick.side === 'sell' ? SELL : UNKNOWN_SIDE
    this.exchange = tick.exchange
    this.symbol = tick.symbol
    const id = tick.trade_id
    const digits = id === null ? 0 : numberLength(id)
    this.idPrefix = id === null ? '' : id.slice(0, id.length - digits)
    this.idNumber = id === null ? NO_ID : digits === 0 ? OPAQUE : Number(id.slice(-digits))
  }

  #clear(): void {
    this.price = Number.NaN
    this.qty = Number.NaN
    this.side = UNKNOWN_SIDE
    this.idPrefix = ''
    this.idNumber = NO_ID
    this.exchange = null
    this.symbol = null
    this.#time = this.#venue = this.#cost = this.#amount = KEY.none
    this.#quoted = 0
  }

  #complete(): boolean {
    if (this.#time === KEY.none) return false
    this.kind = this.#amount !== KEY.none ? TRADE : this.#quoted === 3 ? QUOTE : TICKER
    return this.kind !== TRADE || this.#cost !== KEY.none
  }

  #takeNumber(key: number, bytes: Uint8Array, end: number): boolean {
    const { value, whole } = this.#number
    switch (key) {
      case KEY.ts_ms:
      case KEY.timestamp:
      case KEY.event_ts:
      case KEY.ts: {
        if (this.#time !== KEY.none && this.#time < key) return true
        const digits = end - this.#start
        const ms = whole && digits >= 12 && digits <= 14 ? value : msOfTime(whole ? asciiText(bytes, this.#start, end) : String(value))
        if (ms === undefined) return false
        this.tsMs = ms
        this.#time = key
        return true
      }
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
        return whole && this.#takeId(bytes, this.#start, end, 0)
      case KEY.bid:
      case KEY.ask:
        this.#quoted |= key === KEY.bid ? 1 : 2
        return true
      default:
        return key === KEY.none
    }
  }

  #takeString(key: number, bytes: Uint8Array, start: number, end: number, expected: ExpectedSymbol): boolean {
    if (key === KEY.none) return true
    if (start === end || end - start > MOST_TEXT) return false
    switch (key) {
      case KEY.exchange:
      case KEY.venue:
        if (this.#venue !== KEY.none && this.#venue < key) return true
        this.exchange = this.#lastExchange.read(bytes, start, end)
        this.#venue = key
        return true
      case KEY.symbol:
        this.symbol = sameBytes(bytes, start, end, expected.bytes) ? expected.text : asciiText(bytes, start, end)
        return true
      case KEY.side:
        this.side = sideOf(bytes, start, end)
        return this.side !== UNKNOWN_SIDE
      case KEY.trade_id: {
        let from = end
        while (from > start && bytes[from - 1]! >= 48 && bytes[from - 1]! <= 57) from--
        return this.#takeId(bytes, start, end, from - start)
      }
      case KEY.ts_ms:
      case KEY.timestamp:
      case KEY.event_ts:
      case KEY.ts: {
        if (this.#time !== KEY.none && this.#time < key) return true
        const ms = msOfTime(asciiText(bytes, start, end))
        if (ms === undefined) return false
        this.tsMs = ms
        this.#time = key
        return true
      }
      default:
        return false
    }
  }

  /** The id of bytes [start, end), whose last digits begin `prefix` bytes after its start: see numberLength in trade-id.ts. */
  #takeId(bytes: Uint8Array, start: number, end: number, prefix: number): boolean {
    const from = start + prefix
    const digits = end - from
    if (end - start > MOST_TEXT) return false
    if (digits === 0 || digits > ID_DIGITS || (digits > 1 && bytes[from] === 48)) {
      this.idPrefix = asciiText(bytes, start, end)
      this.idNumber = OPAQUE
      return true
    }
    let number = 0
    for (let i = from; i < end; i++) number = number * 10 + bytes[i]! - 48
    this.idPrefix = prefix === 0 ? '' : this.#lastPrefix.read(bytes, start, from)
    this.idNumber = number
    return true
  }
}

/** The offset of the next byte that is no JSON white space (a newline never stands inside a message). */
function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at
  for (let c = bytes[i]!; c === 32 || c === 9 || c === 13; c = bytes[i]!) i++
  return i
}

/** The offset of the quotation mark that ends a plain ASCII string without escapes, or -1. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let i = start
  for (let c = bytes[i]!; c !== QUOTATION; c = bytes[++i]!) if (c === BACKSLASH || !(c >= 32 && c < 127)) return -1
  return i
}

const LITERALS = ['null', 'true', 'false'].map((text) => new TextEncoder().encode(text))

function literalEnd(bytes: Uint8Array, start: number): number {
  for (const literal of LITERALS) if (sameBytes(bytes, start, start + literal.length, literal)) return start + literal.length
  return -1
}

/** The side that letters of either case name; UNKNOWN_SIDE for anything else. */
function sideOf(bytes: Uint8Array, start: number, end: number): number {
  const lower = (i: number) => bytes[start + i]! | 32
  const length = end - start
  if (lower(0) === 98) return length === 1 || (length === 3 && lower(1) === 117 && lower(2) === 121) ? BUY : UNKNOWN_SIDE
  if (lower(0) !== 115) return UNKNOWN_SIDE
  return length === 1 || (length === 4 && lower(1) === 101 && lower(2) === 108 && lower(3) === 108) ? SELL : UNKNOWN_SIDE
}
