import { bitsIn, halvesOf, type SimHash } from './simhash.ts'

/** In how many of the 64 bits two near-duplicates may differ. */
export const NEAR_BITS = 7
/** One more than the bits that may differ: two near-duplicates agree in at least one of them. */
const BANDS = NEAR_BITS + 1
const BAND_VALUES = 256

/** SimHashes by number, of which those are found that are near one. */
export class NearIndex {
  #high = new Int32Array(1024)
  #low = new Int32Array(1024)
  readonly #bands = Array.from({ length: BANDS * BAND_VALUES }, (): number[] => [])

  /** @param number - 0, 1, 2, ... for what is added, each once. */
  add(number: number, hash: SimHash): void {
    const [high, low] = halvesOf(hash)
    if (number >= this.#high.length) [this.#high, this.#low] = [wider(this.#high, number), wider(this.#low, number)]
    this.#high[number] = high
    this.#low[number] = low
    for (let band = 0; band < BANDS; band++) this.#bands[placeOf(band, high, low)]!.push(number)
  }

  /** The numbers of all that are near, with the bits in which they differ; one may come several times. */
  *near(hash: SimHash): Iterable<{ readonly number: number; readonly bits: number }> {
    const [high, low] = halvesOf(hash)
    for (let band = 0; band < BANDS; band++)
      for (const number of this.#bands[placeOf(band, high, low)]!) {
        const bits = bitsIn(high ^ this.#high[number]!) + bitsIn(low ^ this.#low[number]!)
        if (bits <= NEAR_BITS) yield { number, bits }
      }
  }
}

/** Eight bits a band: four of each half. */
const placeOf = (band: number, high: number, low: number): number =>
  band * BAND_VALUES + (((band < 4 ? high : low) >>> (8 * (band & 3))) & 255)

function wider(numbers: Int32Array<ArrayBuffer>, number: number): Int32Array<ArrayBuffer> {
  const made = new Int32Array(Math.max(2 * numbers.length, number + 1))
  made.set(numbers)
  return made
}
