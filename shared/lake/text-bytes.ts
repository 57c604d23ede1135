import type { Texts } from '../delta/column-data.ts'

/** Texts one after the other as their bytes: a column is made of it without a string a row. */
export class TextBytes {
  readonly #lengths: Int32Array
  #row = 0
  #bytes = new Uint8Array(64 * 1024)
  #end = 0
  readonly #digits = new Uint8Array(16)

  constructor(rows: number) {
    this.#lengths = new Int32Array(rows)
  }

  /** Adds a row that has none. */
  addNull(): void {
    this.#lengths[this.#row++] = -1
  }

  /** Adds a row: some bytes, and after them a whole number in its digits, if there is one (none below zero). */
  add(start: Uint8Array, number: number): void {
    let from = this.#digits.length
    for (let rest = number; rest > 0 || (from === this.#digits.length && number === 0); rest = Math.floor(rest / 10))
      this.#digits[--from] = 48 + (rest % 10)
    const length = start.length + this.#digits.length - from
    this.#makeRoom(length)
    let end = this.#end
    for (let i = 0; i < start.length; i++) this.#bytes[end++] = start[i]!
    for (let i = from; i < this.#digits.length; i++) this.#bytes[end++] = this.#digits[i]!
    this.#end = end
    this.#lengths[this.#row++] = length
  }

  column(): Texts {
    return { kind: 'texts', bytes: this.#bytes.subarray(0, this.#end), lengths: this.#lengths }
  }

  #makeRoom(length: number): void {
    if (this.#end + length <= this.#bytes.length) return
    const larger = new Uint8Array(2 * this.#bytes.length + length)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
