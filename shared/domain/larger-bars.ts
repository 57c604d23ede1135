import { INTERVALS, type Interval, intervalNames } from '../contract/bar.ts'
import { BarSums } from './bar-sums.ts'
import type { Bucket } from './bucket.ts'
import type { TickFields } from './tick-fields.ts'

/** The intervals that are made of minutes. */
export const LARGER: readonly Interval[] = intervalNames.filter((interval) => interval !== '1m')

/** The bars of one larger interval of a symbol, each the sum of its minutes that are final; the others are added when it is looked at. */
export class LargerBars {
  readonly interval: Interval
  readonly intervalMs: number
  readonly bars = new Map<number, BarSums>()

  constructor(interval: Interval) {
    this.interval = interval
    this.intervalMs = INTERVALS[interval]
  }

  /** The start of the bar that a time falls in. */
  startOf(tsMs: number): number {
    return tsMs - (tsMs % this.intervalMs)
  }

  /** The sum of final minutes that a time falls in. */
  of(tsMs: number): BarSums {
    const start = this.startOf(tsMs)
    let sums = this.bars.get(start)
    if (sums === undefined) {
      sums = new BarSums()
      this.bars.set(start, sums)
    }
    return sums
  }

  /** Counts a trade that came after its minute was final; `final` is the time up to which bars are final. */
  correct(tick: TickFields, version: number, brokerMs: number, final: number): void {
    const sums = this.of(tick.tsMs)
    sums.add(tick, version, brokerMs)
    // A restored bar was handed on with trades that come again: they are in its `rev`.
    if (this.startOf(tick.tsMs) + this.intervalMs <= final && version > sums.emitted) sums.rev++
  }

  /**
   * The bars as they stand, by start: final minutes, then the others in order of time. The sum is made in the order in which the minutes
   * will be merged, so a bar has the same digits whether it is looked at before or after.
   * @param minutes - the symbol's minutes in order of time.
   */
  whole(minutes: readonly Bucket[]): Map<number, BarSums> {
    const whole = new Map(this.bars)
    for (const minute of minutes) {
      if (minute.merged) continue
      const start = this.startOf(minute.start)
      const before = whole.get(start)
      const sums = before === undefined || before === this.bars.get(start) ? Object.assign(new BarSums(), before) : before
      sums.merge(minute)
      whole.set(start, sums)
    }
    return whole
  }
}
