import { asciiText } from './ascii.ts'

const POWERS = Float64Array.from({ length: 16 }, (_, i) => 10 ** i)
const DOT = 46
const MINUS = 45

/**
 * Reads JSON numbers from bytes. Up to 15 digits become an integer and one division by a power of ten: both are exact doubles and the
 * division rounds once, so the result is exactly `Number(text)`. Anything longer, or with an exponent, is left to `Number`.
 */
export class JsonNumber {
  value = 0
  /** Whether it was written as digits only. */
  whole = false

  /** @returns the offset after the number that starts at `start`, or -1 if there is no valid JSON number. A non-digit must follow somewhere. */
  read(bytes: Uint8Array, start: number): number {
    let i = start
    let digit = bytes[i]! - 48
    if (!(digit >= 0 && digit <= 9)) return bytes[i] === MINUS ? this.#readSlowly(bytes, start) : -1
    let value = digit
    digit = bytes[++i]! - 48
    if (value === 0 && digit >= 0 && digit <= 9) return -1
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digit = bytes[++i]! - 48
    }
    this.whole = true
    let digits = i - start
    if (bytes[i] === DOT) {
      this.whole = false
      const point = i
      digit = bytes[++i]! - 48
      if (!(digit >= 0 && digit <= 9)) return -1
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit
        digit = bytes[++i]! - 48
      }
      const decimals = i - point - 1
      digits += decimals
      value /= POWERS[decimals] ?? Number.NaN
    }
    const next = bytes[i]!
    if (digits > 15 || next === 101 || next === 69) return this.#readSlowly(bytes, start)
    this.value = value
    return i
  }

  #readSlowly(bytes: Uint8Array, start: number): number {
    let end = start
    // Only the characters of a number: digits, + - . e E
    for (let c = bytes[end]!; (c >= 48 && c <= 57) || c === 43 || c === MINUS || c === DOT || c === 101 || c === 69; c = bytes[end]!) end++
    const text = asciiText(bytes, start, end)
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return -1
    this.value = Number(text)
    this.whole = /^\d+$/.test(text)
    return end
  }
}
