import type { Bar } from '../contract/bar.ts'

/**
 * Bars for every start from `firstMs` to `lastMs` (both included), each `stepMs` after the other: the stored one, or an empty one that stands at
 * the close of the bar before it.
 *
 * @param stored - bars of one exchange, ascending; one at or before `firstMs` must be there.
 * @returns empty bars have volume 0, trades 0 and vwap null, as no trade made them; their price, first and last trade and version are those
 * of the last trade before.
 */
export function fillGaps(stored: readonly Bar[], firstMs: number, lastMs: number, stepMs: number): Bar[] {
  const bars: Bar[] = []
  let next = 0
  for (let startMs = firstMs; startMs <= lastMs; startMs += stepMs) {
    while (next < stored.length && stored[next]!.timestamp <= startMs) next++
    const latest = stored[next - 1]
    if (!latest) throw new RangeError(`no bar at or before ${startMs} ms`)
    bars.push(latest.timestamp === startMs ? latest : emptyBar(latest, startMs, stepMs))
  }
  return bars
}

const emptyBar = (before: Bar, timestamp: number, stepMs: number): Bar => ({
  ...before,
  timestamp,
  close_ms: timestamp + stepMs - 1,
  open: before.close,
  high: before.close,
  low: before.close,
  volume: 0,
  quote_volume: 0,
  trades: 0,
  buy_volume: 0,
  sell_volume: 0,
  vwap: null,
  first_ms: before.last_ms,
  first_id: before.last_id,
  rev: 0,
})
