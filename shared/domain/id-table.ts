/**
 * An exact map from whole numbers (0 … 10^15) to 32-bit fingerprints: open addressing in two typed arrays, 12 bytes a place and
 * no object a key. It only ever grows; the whole table is dropped with its bucket.
 */
export class IdTable {
  size = 0
  #ids = new Float64Array(SMALLEST).fill(EMPTY)
  #prints = new Uint32Array(SMALLEST)
  #mask = SMALLEST - 1

  /** Puts `id` in, unless it is there. @returns the fingerprint it was there with, or -1 if it is new. */
  put(id: number, print: number): number {
    const ids = this.#ids
    let at = placeOf(id) & this.#mask
    for (let found = ids[at]!; found !== EMPTY; found = ids[at]!) {
      if (found === id) return this.#prints[at]!
      at = (at + 1) & this.#mask
    }
    ids[at] = id
    this.#prints[at] = print
    if (++this.size * 3 > ids.length * 2) this.#grow()
    return -1
  }

  #grow(): void {
    const ids = this.#ids
    const prints = this.#prints
    const length = ids.length * (ids.length < 4096 ? 4 : 2)
    this.#ids = new Float64Array(length).fill(EMPTY)
    this.#prints = new Uint32Array(length)
    this.#mask = length - 1
    this.size = 0
    for (let i = 0; i < ids.length; i++) if (ids[i] !== EMPTY) this.put(ids[i]!, prints[i]!)
  }
}

const SMALLEST = 16
const EMPTY = -1

/** Neighbours stay neighbours (ids mostly step by one, so the next place is in the cache), groups of 16 are spread. */
function placeOf(id: number): number {
  const group = Math.imul((id >>> 4) ^ (id / 4_294_967_296), 0x9e3779b1)
  return ((group ^ (group >>> 15)) << 4) | (id & 15)
}
