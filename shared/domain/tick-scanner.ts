import { standsAt } from './ascii.ts'
import { JsonNumber } from './json-number.ts'
import { literalEnd, QUOTE_MARK, skipSpace, stringEnd } from './json-text.ts'
import { type ExpectedSymbol, TickFields } from './tick-fields.ts'
import { KEY, keyOf } from './tick-keys.ts'

const MINUS = 45
const COMMA = 44
const CLOSE = 125

/** What stands before one value: the bytes since the value before (or the brace), and the key in them. */
type Gap = { readonly bytes: Uint8Array; readonly key: number }

/** Sources send two or three forms of objects, such as trades and quotes. */
const MOST_FORMS = 3

/**
 * Reads the usual form of a tick straight from bytes: one flat JSON object of ASCII strings, numbers and plain literals.
 * It either fills its fields exactly as the schema would (shared/contract/tick.ts; a property test holds them equal), or gives up.
 *
 * A source writes the same keys in the same order again and again: the forms seen last are tried first, by comparing the bytes between values.
 */
export class TickScanner extends TickFields {
  readonly #number = new JsonNumber()
  readonly #forms: (readonly Gap[])[] = []

  /** @returns the offset after the object that starts at `at`, or -1 where it is anything but usual. A control character must follow the text. */
  scan(bytes: Uint8Array, at: number, expected: ExpectedSymbol): number {
    for (let i = 0; i < this.#forms.length; i++) {
      const end = this.#scanForm(this.#forms[i]!, bytes, at, expected)
      if (end < 0) continue
      if (i > 0) this.#forms.unshift(...this.#forms.splice(i, 1))
      return end
    }
    return this.#scanAny(bytes, at, expected)
  }

  #scanForm(form: readonly Gap[], bytes: Uint8Array, at: number, expected: ExpectedSymbol): number {
    this.clear()
    let i = at
    for (let k = 0; k < form.length; k++) {
      const gap = form[k]!
      if (!standsAt(bytes, i, gap.bytes)) return -1
      i = this.#value(gap.key, bytes, i + gap.bytes.length, expected)
      if (i < 0) return -1
    }
    i = skipSpace(bytes, i)
    return bytes[i] === CLOSE && this.complete() ? i + 1 : -1
  }

  #scanAny(bytes: Uint8Array, at: number, expected: ExpectedSymbol): number {
    this.clear()
    const form: Gap[] = []
    let i = at
    do {
      const before = form.length === 0 ? at : i
      i = skipSpace(bytes, i + 1)
      if (bytes[i] !== QUOTE_MARK) return -1
      const start = i + 1
      const end = stringEnd(bytes, start)
      if (end < 0) return -1
      i = skipSpace(bytes, end + 1)
      if (bytes[i] !== 58) return -1
      i = skipSpace(bytes, i + 1)
      const key = keyOf(bytes, start, end)
      form.push({ bytes: bytes.slice(before, i), key })
      i = this.#value(key, bytes, i, expected)
      if (i < 0) return -1
      i = skipSpace(bytes, i)
    } while (bytes[i] === COMMA)
    if (bytes[i] !== CLOSE || !this.complete()) return -1
    this.#forms.unshift(form)
    this.#forms.length = Math.min(this.#forms.length, MOST_FORMS)
    return i + 1
  }

  /** Takes the value that starts at `start`. @returns the offset after it, or -1. */
  #value(key: number, bytes: Uint8Array, start: number, expected: ExpectedSymbol): number {
    const c = bytes[start]!
    if (c === QUOTE_MARK) {
      const end = this.takeString(key, bytes, start + 1, expected)
      return end < 0 ? -1 : end + 1
    }
    if (c === MINUS || (c >= 48 && c <= 57)) {
      const end = this.#number.read(bytes, start)
      return end >= 0 && this.takeNumber(key, this.#number.value, this.#number.whole, bytes, start, end) ? end : -1
    }
    return key === KEY.none ? literalEnd(bytes, start) : -1
  }
}
