import { MINUTE } from './bar-settings.ts'
import { BarSums } from './bar-sums.ts'
import { IdSet } from './id-set.ts'

/** The trades of one minute, and which ones they were. */
export class Bucket extends BarSums {
  readonly start: number
  readonly ids = new IdSet()
  /** Final by event time, and so counted in the larger bars; later trades go to both. */
  merged = false
  /** What is stored of its ids is one chunk, for those it had when it was final. */
  joined = false

  constructor(start: number) {
    super()
    this.start = start
  }

  get end(): number {
    return this.start + MINUTE
  }
}
