import * as schema from '../contract/tick.ts'
import { type ExpectedSymbol, TRADE } from './tick-fields.ts'
import { TickScanner } from './tick-scanner.ts'

/** Why a tick can never count. */
export type Fault = {
  readonly code:
    | 'BAD_TICK'
    | 'NON_FINITE'
    | 'PRICE_NOT_POSITIVE'
    | 'QTY_NEGATIVE'
    | 'SUBJECT_MISMATCH'
    | 'FUTURE_TS'
    | 'LATE_TS'
    | 'TRADE_MISMATCH'
  readonly error: string
}

/**
 * Reads the ticks of a message, one after the other: JSON objects, with white space between them. The usual form is scanned from the bytes,
 * everything else goes through JSON.parse and the schema; both ways mean the same.
 */
export class TickParser {
  /** The tick read last; valid until the next is read, and only while `fault` is null. */
  readonly tick = new TickScanner()
  fault: Fault | null = null
  /** Where the piece read last begins. */
  start = 0

  /**
   * Reads the next tick of bytes [at, end).
   * @param bytes - `bytes[end]` must be a newline.
   * @param expected - the symbol the subject names.
   * @returns where the piece ends, -1 if only white space is left.
   */
  next(bytes: Uint8Array, at: number, end: number, expected: ExpectedSymbol): number {
    let start = at
    while (start < end && isSpace(bytes[start]!)) start++
    if (start >= end) return -1
    this.start = start
    this.fault = null
    let stop = bytes[start] === 123 ? this.tick.scan(bytes, start, expected) : -1
    if (stop < 0 || !(stop === end || isSpace(bytes[stop]!) || bytes[stop] === 123)) {
      stop = pieceEnd(bytes, start, end)
      this.#readSlowly(new TextDecoder().decode(bytes.subarray(start, stop)))
    }
    if (this.fault === null) this.#check()
    return stop
  }

  #check(): void {
    const { kind, price, qty } = this.tick
    if (kind !== TRADE || (price > 0 && qty >= 0 && price + qty < Number.POSITIVE_INFINITY)) return
    if (!Number.isFinite(price) || !Number.isFinite(qty)) this.fault = { code: 'NON_FINITE', error: `price ${price}, qty ${qty}` }
    else if (price <= 0) this.fault = { code: 'PRICE_NOT_POSITIVE', error: `price ${price}` }
    else if (qty < 0) this.fault = { code: 'QTY_NEGATIVE', error: `qty ${qty}` }
  }

  #readSlowly(text: string): void {
    let value: unknown
    try {
      value = schema.tickJson(text)
    } catch (error) {
      this.fault = isJsonButForNonFinite(text)
        ? { code: 'NON_FINITE', error: 'NaN or Infinity' }
        : { code: 'BAD_TICK', error: error instanceof Error ? error.message : String(error) }
      return
    }
    const tick = schema.Tick.safeParse(value)
    if (tick.success) this.tick.fill(tick.data)
    else
      this.fault = {
        code: 'BAD_TICK',
        error: tick.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; '),
      }
  }
}

const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 13 || c === 10

/**
 * Where the piece that starts at `start` ends: after the brace that closes it and whatever sticks to that. A piece that is no object ends
 * before the next object, one that never closes takes all that is left.
 */
function pieceEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0
  let quoted = false
  let i = start
  for (; i < end; i++) {
    const c = bytes[i]!
    if (quoted) {
      if (c === 92) i++
      else if (c === 34) quoted = false
    } else if (c === 34) quoted = true
    else if (c === 123 || c === 91) depth++
    else if ((c === 125 || c === 93) && --depth <= 0) break
    else if (depth === 0 && isSpace(c) && bytes[i + 1] === 123) return i
  }
  while (i < end && !isSpace(bytes[i]!)) i++
  return Math.min(i, end)
}

/** Whether a text is JSON once NaN and Infinity outside its strings, which Python writes, are taken for numbers. */
function isJsonButForNonFinite(text: string): boolean {
  let found = false
  const without = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) => {
    if (part.startsWith('"')) return part
    found = true
    return '0'
  })
  try {
    JSON.parse(without)
    return found
  } catch {
    return false
  }
}
