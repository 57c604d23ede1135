import type { Bar } from '../contract/bar.ts'
import type { BarSettings } from './bar-settings.ts'
import type { BarSums } from './bar-sums.ts'
import { Bucket } from './bucket.ts'
import { newestVersions } from './newest.ts'
import type { Trace } from './past.ts'
import type { SlotState } from './slot-state.ts'
import type { SymbolState } from './symbol-state.ts'
import { NO_ID, numberLength, OPAQUE } from './trade-id.ts'

/**
 * Begins a symbol from its stored rows instead of empty, where the messages they were made of are gone.
 *
 * Each minute is taken at its newest version. Where that is ahead of the stream's first message, the minute holds trades that will be read again:
 * those are not counted twice, as the minute was handed on with them (`emitted`). docs/semantics.md, emptied Valkey.
 * @param rows - all rows of the trace's span ({@link spanOf}), every interval and version.
 * @param heldFromMs - no trade from this time on is gone; rows of such minutes are left out, as the stream makes them again.
 * @param brokerMs - the broker's time of the first message.
 */
export function restore(
  slot: SlotState,
  trace: Trace,
  rows: readonly Bar[],
  heldFromMs: number,
  brokerMs: number,
  settings: BarSettings,
): void {
  const state = slot.symbol(trace.exchange, trace.symbol)
  if (trace.seenMs !== null) state.watermark = trace.seenMs
  const final = state.watermark - settings.graceMs
  const dead = state.watermark - settings.horizonMs
  const minutes = newestVersions(rows.filter(({ interval, timestamp }) => interval === '1m' && timestamp < heldFromMs))
  let aheadTo = 0
  for (const bar of minutes.sort((a, b) => a.timestamp - b.timestamp)) {
    const bucket = new Bucket(bar.timestamp)
    fill(bucket, bar, brokerMs)
    bucket.merged = bucket.end <= final
    bucket.emitted = bar.version
    aheadTo = Math.max(aheadTo, bar.version)
    if (bucket.merged)
      for (const bars of state.larger) if (bars.startOf(bucket.start) + bars.intervalMs > dead) bars.of(bucket.start).merge(bucket)
    if (bucket.end <= dead) continue
    knowIds(bucket)
    state.buckets.set(bucket.start, bucket)
  }
  markLarger(state, rows, heldFromMs)
  state.past = { rowsTo: trace.version, newestMs: trace.newestMs, aheadTo, heldFromMs }
  state.settle(settings, slot)
  slot.touch(state)
}

/** Takes over up to where larger bars were handed on, and how often corrected until then: minutes cannot tell. */
function markLarger(state: SymbolState, rows: readonly Bar[], heldFromMs: number): void {
  const minutes = state.minutes()
  for (const bars of state.larger) {
    const whole = bars.whole(minutes)
    const own = rows.filter(({ interval, timestamp }) => interval === bars.interval && timestamp < heldFromMs && whole.has(timestamp))
    for (const { timestamp, version, rev } of newestVersions(own)) {
      const sums = bars.of(timestamp)
      sums.emitted = version
      sums.rev = rev
      sums.dirty = true
    }
  }
}

function fill(sums: BarSums, bar: Bar, brokerMs: number): void {
  sums.open = bar.open
  sums.high = bar.high
  sums.low = bar.low
  sums.close = bar.close
  sums.volume = bar.volume
  sums.quote = bar.quote_volume
  sums.buy = bar.buy_volume
  sums.sell = bar.sell_volume
  sums.trades = bar.trades
  sums.firstMs = bar.first_ms
  sums.lastMs = bar.last_ms
  ;[sums.firstPrefix, sums.firstNumber] = idOf(bar.first_id)
  ;[sums.lastPrefix, sums.lastNumber] = idOf(bar.last_id)
  sums.version = bar.version
  sums.rev = bar.rev
  sums.tickMs = brokerMs
  sums.dirty = true
}

function idOf(text: string | null): [prefix: string, number: number] {
  if (text === null) return ['', NO_ID]
  const digits = numberLength(text)
  return digits === 0 ? [text, OPAQUE] : [text.slice(0, -digits), Number(text.slice(-digits))]
}

/** Of a row's trades the first and the last are known by id; and all of them, where they are as many as the numbers from one to the other. */
function knowIds({ ids, trades, firstPrefix, firstNumber, lastPrefix, lastNumber }: Bucket): void {
  if (firstNumber >= 0 && firstPrefix === lastPrefix && lastNumber - firstNumber === trades - 1) {
    for (let number = firstNumber; number <= lastNumber; number++) ids.know(firstPrefix, number)
    return
  }
  ids.know(firstPrefix, firstNumber)
  ids.know(lastPrefix, lastNumber)
}
