import { bitsIn, halvesOf, type SimHash } from './simhash.ts'

/** In how many of the 64 bits two near-duplicates may differ. */
export const NEAR_BITS = 7
/** Where seven bits differ in four bands, at most one does in one of them. */
const BANDS = 4
const BAND_BITS = 16
const BAND_VALUES = 1 << BAND_BITS

/** SimHashes by number, of which those are found that are near one. */
export class NearIndex {
  #high = new Int32Array(1024)
  #low = new Int32Array(1024)
  /** By band and value: one more than the number that was added last, 0 for none; and by number and band that before it. */
  readonly #last = new Int32Array(BANDS * BAND_VALUES)
  #before = new Int32Array(BANDS * 1024)

  /** @param number - 0, 1, 2, ... for what is added, each once. */
  add(number: number, hash: SimHash): void {
    const [high, low] = halvesOf(hash)
    if (number >= this.#high.length) {
      this.#high = wider(this.#high, number)
      this.#low = wider(this.#low, number)
      this.#before = wider(this.#before, BANDS * number + BANDS - 1)
    }
    this.#high[number] = high
    this.#low[number] = low
    for (let band = 0; band < BANDS; band++) {
      const place = placeOf(band, high, low)
      this.#before[BANDS * number + band] = this.#last[place]!
      this.#last[place] = number + 1
    }
  }

  /** The numbers of all that are near, with the bits in which they differ; one may come several times. */
  *near(hash: SimHash): Iterable<{ readonly number: number; readonly bits: number }> {
    const [high, low] = halvesOf(hash)
    for (let band = 0; band < BANDS; band++) {
      const place = placeOf(band, high, low)
      // Those with the same value, then those with another one in each of its bits.
      for (let bit = -1; bit < BAND_BITS; bit++)
        for (let next = this.#last[bit < 0 ? place : place ^ (1 << bit)]!; next > 0; next = this.#before[BANDS * (next - 1) + band]!) {
          const number = next - 1
          const bits = bitsIn(high ^ this.#high[number]!) + bitsIn(low ^ this.#low[number]!)
          if (bits <= NEAR_BITS) yield { number, bits }
        }
    }
  }
}

/** Sixteen bits a band: a half of each half. */
const placeOf = (band: number, high: number, low: number): number =>
  band * BAND_VALUES + (((band < 2 ? high : low) >>> (BAND_BITS * (band & 1))) & (BAND_VALUES - 1))

function wider(numbers: Int32Array<ArrayBuffer>, number: number): Int32Array<ArrayBuffer> {
  const made = new Int32Array(Math.max(2 * numbers.length, number + 1))
  made.set(numbers)
  return made
}
