import type { Bar } from '../contract/bar.ts'
import { toBar } from './bar-codec.ts'
import type { BarSettings } from './bar-settings.ts'
import type { BarSums } from './bar-sums.ts'
import { LOST } from './past.ts'
import type { SymbolState } from './symbol-state.ts'

/**
 * The bars of a symbol to hand on as closed at the end of a batch: those that are final and differ from what was handed on last; they are marked.
 *
 * @param nowMs - in a quiet batch the broker's time: bars that got no tick for `idleMs` and whose end (with grace) has passed are closed as well.
 *   That changes only when a version is handed on, never what it holds.
 * @param upTo - the version up to which messages were taken in.
 */
export function takeClosed(state: SymbolState, settings: BarSettings, nowMs = Number.NaN, upTo = Number.POSITIVE_INFINITY): Bar[] {
  const { exchange, symbol } = state
  const final = state.watermark - settings.graceMs
  const quiet = (sums: BarSums, end: number) => nowMs - sums.tickMs >= settings.idleMs && nowMs >= end + settings.graceMs
  const closed: Bar[] = []
  for (const bucket of state.buckets.values()) {
    if (bucket.version <= bucket.emitted || !(bucket.merged || quiet(bucket, bucket.end))) continue
    closed.push(toBar(bucket, '1m', bucket.start, exchange, symbol, true))
    bucket.emitted = bucket.version
    bucket.dirty = true
  }
  // Rows it was restored from hold trades that are still to come: the minutes beside them lag behind.
  if (state.past !== undefined && upTo < state.past.aheadTo) return closed
  const minutes = Number.isNaN(nowMs) ? [] : state.minutes()
  for (const bars of state.larger) {
    const { interval, intervalMs } = bars
    for (const [start, sums] of minutes.length > 0 ? bars.whole(minutes) : bars.bars) {
      const end = start + intervalMs
      if (sums.version <= sums.emitted || !(end <= final || quiet(sums, end))) continue
      closed.push(toBar(sums, interval, start, exchange, symbol, true))
      const kept = bars.of(start)
      kept.emitted = sums.version
      kept.dirty = true
    }
  }
  return closed
}

/** Whether every bar of a symbol was handed on as it stands: nothing is left to close while no tick comes. */
export function isSettled(state: SymbolState): boolean {
  for (const bucket of state.buckets.values()) if (bucket.version > bucket.emitted) return false
  const minutes = state.minutes()
  return state.larger.every((bars) => [...bars.whole(minutes).values()].every((sums) => sums.version <= sums.emitted))
}

/** The newest bar of each interval as it stands now; closed if it was handed on so. */
export function newestBars(state: SymbolState): Bar[] {
  const minutes = state.minutes()
  const newest = minutes.at(-1)
  if (newest === undefined) return []
  const { exchange, symbol } = state
  const larger = state.larger.map((bars) => {
    const start = bars.startOf(newest.start)
    const sums = bars.whole(minutes).get(start)!
    return toBar(sums, bars.interval, start, exchange, symbol, isHandedOn(sums))
  })
  return [toBar(newest, '1m', newest.start, exchange, symbol, isHandedOn(newest)), ...larger]
}

const isHandedOn = ({ emitted, version }: BarSums): boolean => emitted >= version && emitted !== LOST
