import type { Bar } from '../contract/bar.ts'
import { toBar } from './bar-codec.ts'
import { type BarSettings, MINUTE } from './bar-settings.ts'
import { Bucket } from './bucket.ts'
import { fingerprint } from './fingerprint.ts'
import { DUPLICATE, MISMATCH } from './id-set.ts'
import { LARGER, LargerBars } from './larger-bars.ts'
import { LOST, type Past } from './past.ts'
import type { TickFields } from './tick-fields.ts'

/** What became of a trade. */
export const COUNTED = 0
export const CORRECTED = 1
export const REPEATED = 2
export const LATE = 3
export const CONTRADICTED = 4

/** Where a state leaves what happens to its bars in the middle of a batch. */
export type Events = {
  /** Takes a bar that is final for good and was not handed on as it stands. */
  closed(bar: Bar): void
  bucketDied(state: SymbolState, bucket: Bucket): void
  largerDied(state: SymbolState, interval: number, start: number): void
}

/**
 * The bars of one symbol on one exchange. Its rules (docs/semantics.md, bars) see one trade at a time and nothing but the trades before it,
 * so its content after a message never depends on how messages were cut into batches.
 */
export class SymbolState {
  readonly exchange: string
  readonly symbol: string
  /** Short name within its slot's stored fields. */
  readonly key: string
  /** The newest event time of all trades counted so far; -1 before the first. */
  watermark = -1
  readonly buckets = new Map<number, Bucket>()
  readonly larger: readonly LargerBars[] = LARGER.map((interval) => new LargerBars(interval))
  /** Set where it was restored from rows. */
  past: Past | undefined
  /** Changed in this batch. */
  dirty = false
  /** Its own field is in the store. */
  stored = false
  /** The minute of the trade before. It is never too old: the watermark has not moved since, or stands in it. */
  #current: Bucket | undefined
  /** The least event time at which a bar becomes final or dies. */
  #due = Number.POSITIVE_INFINITY

  constructor(exchange: string, symbol: string, key: string) {
    this.exchange = exchange
    this.symbol = symbol
    this.key = key
  }

  /** Takes one trade in: checks it against the watermark and the known ids, counts it, and moves the watermark. */
  apply(tick: TickFields, version: number, brokerMs: number, settings: BarSettings, events: Events): number {
    const { tsMs } = tick
    let bucket = this.#current
    if (bucket === undefined || tsMs < bucket.start || tsMs >= bucket.end) {
      const start = tsMs - (tsMs % MINUTE)
      if (start + MINUTE + settings.horizonMs <= this.watermark) return LATE
      bucket = this.buckets.get(start) ?? this.#open(start, settings)
      this.#current = bucket
    }
    if (this.past !== undefined && version <= this.past.rowsTo && bucket.emitted !== LOST) {
      if (version <= bucket.emitted) return this.#countedBefore(bucket, tick, settings, events)
      if (wasComplete(bucket, this.past)) return REPEATED
    }
    const known = bucket.ids.add(tick.idPrefix, tick.idNumber, fingerprint(tsMs, tick.price, tick.qty, tick.side))
    if (known === DUPLICATE) return REPEATED
    if (known === MISMATCH) return CONTRADICTED
    bucket.add(tick, version, brokerMs)
    const corrected = bucket.merged
    if (corrected) {
      bucket.rev++
      for (const bars of this.larger) bars.correct(tick, version, brokerMs, this.watermark - settings.graceMs)
    }
    if (tsMs > this.watermark) this.#moveTo(tsMs, settings, events)
    return corrected ? CORRECTED : COUNTED
  }

  /** Takes in a trade that is part of the row its minute was restored from: only its id and its time are new. */
  #countedBefore(bucket: Bucket, tick: TickFields, settings: BarSettings, events: Events): number {
    const { tsMs } = tick
    const known = bucket.ids.add(tick.idPrefix, tick.idNumber, fingerprint(tsMs, tick.price, tick.qty, tick.side))
    if (known === MISMATCH) return CONTRADICTED
    bucket.dirty = true
    if (tsMs > this.watermark) this.#moveTo(tsMs, settings, events)
    return COUNTED
  }

  #moveTo(tsMs: number, settings: BarSettings, events: Events): void {
    this.watermark = tsMs
    if (tsMs >= this.#due) this.settle(settings, events)
  }

  #open(start: number, settings: BarSettings): Bucket {
    const bucket = new Bucket(start)
    bucket.merged = bucket.end + settings.graceMs <= this.watermark
    this.buckets.set(start, bucket)
    if (this.past !== undefined && start > this.past.newestMs && start < this.past.heldFromMs) this.#lose(bucket, this.past, settings)
    this.#due = Math.min(this.#due, bucket.end + (bucket.merged ? settings.horizonMs : settings.graceMs))
    return bucket
  }

  /** Marks a minute of which trades may be gone that no row shows. */
  #lose(bucket: Bucket, past: Past, settings: BarSettings): void {
    bucket.emitted = LOST
    for (const bars of this.larger) {
      const sums = bars.of(bucket.start)
      sums.emitted = LOST
      sums.dirty = true
    }
    // The trade that opens it was not late, so those before it were not beyond its horizon.
    past.heldFromMs = Math.min(past.heldFromMs, bucket.end + settings.horizonMs)
  }

  /** Merges the minutes that the watermark made final into the larger bars, in order of time, and drops what is beyond the horizon. */
  settle(settings: BarSettings, events: Events): void {
    const final = this.watermark - settings.graceMs
    const dead = this.watermark - settings.horizonMs
    let due = Number.POSITIVE_INFINITY
    for (const bucket of this.minutes()) {
      if (!bucket.merged && bucket.end <= final) {
        for (const bars of this.larger) bars.of(bucket.start).merge(bucket)
        bucket.merged = bucket.dirty = true
      }
      // Hardly a trade comes to a minute that is final: its ids are looked up anew where one does.
      if (bucket.merged) bucket.ids.rest()
      if (bucket.end <= dead) this.#bury(bucket, events)
      else due = Math.min(due, bucket.end + (bucket.merged ? settings.horizonMs : settings.graceMs))
    }
    for (const [i, bars] of this.larger.entries()) {
      for (const [start, sums] of bars.bars) {
        const end = start + bars.intervalMs
        if (end > dead) due = Math.min(due, end + settings.horizonMs)
        else {
          if (sums.version > sums.emitted) events.closed(toBar(sums, bars.interval, start, this.exchange, this.symbol, true))
          bars.bars.delete(start)
          events.largerDied(this, i, start)
        }
      }
    }
    this.#due = due
  }

  #bury(bucket: Bucket, events: Events): void {
    if (bucket.version > bucket.emitted) events.closed(toBar(bucket, '1m', bucket.start, this.exchange, this.symbol, true))
    this.buckets.delete(bucket.start)
    events.bucketDied(this, bucket)
  }

  /** Its minutes in order of time. */
  minutes(): Bucket[] {
    return [...this.buckets.values()].sort((a, b) => a.start - b.start)
  }
}

/**
 * Whether the rows show all trades of a minute, up to their greatest version: the minute was final then, since it is now or as there is a row of a
 * later one, and each trade that counts in a final minute makes a row.
 */
const wasComplete = ({ start, merged }: Bucket, { newestMs, heldFromMs }: Past): boolean =>
  start < heldFromMs && (start < newestMs || (start === newestMs && merged))
