import type { Bar } from '../contract/bar.ts'

/** Rows of one symbol and interval, in the order given, as bars: one a (timestamp, exchange), that of the greatest version. */
export function newestVersions(rows: Iterable<Bar>): Bar[] {
  const bars = new Map<string, Bar>()
  for (const row of rows) {
    const key = `${row.timestamp} ${row.exchange}`
    const known = bars.get(key)
    if (!known || row.version > known.version) bars.set(key, row)
  }
  return [...bars.values()]
}

/**
 * The first `limit` bars of a list ordered by timestamp (either way), without splitting the bars of one start:
 * fewer rather, and more only where the first start alone has more.
 */
export function wholeStarts(bars: readonly Bar[], limit: number): readonly Bar[] {
  if (bars.length <= limit) return bars
  let end = limit
  while (end > 0 && bars[end - 1]!.timestamp === bars[end]!.timestamp) end--
  if (end > 0) return bars.slice(0, end)
  const start = bars[0]!.timestamp
  const other = bars.findIndex((bar) => bar.timestamp !== start)
  return other < 0 ? bars : bars.slice(0, other)
}

/** The order of a page: by start, then by exchange. */
export const byStart = (a: Bar, b: Bar): number =>
  a.timestamp - b.timestamp || (a.exchange < b.exchange ? -1 : a.exchange > b.exchange ? 1 : 0)
