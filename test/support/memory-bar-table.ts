import type { Bar } from '../../shared/contract/bar.ts'
import { byStart, newestVersions, wholeStarts } from '../../shared/domain/newest.ts'
import type { BarTable } from '../../shared/ports/bar-table.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

type MemoryBarTable = BarTable & { away: boolean; readonly rows: Map<string, Bar> }

/** A bar table in memory. `away` makes it answer like a server that is gone; `rows` is all that was written, by key. */
export function memoryBarTable(): MemoryBarTable {
  const here = () => {
    if (table.away) throw new RetryableError('ERR_UNAVAILABLE', 'the table is away')
  }
  const table: MemoryBarTable = {
    away: false,
    rows: new Map<string, Bar>(),
    async write(bars) {
      here()
      for (const bar of bars) table.rows.set(JSON.stringify([bar.interval, bar.timestamp, bar.symbol, bar.exchange, bar.version]), bar)
    },
    async read({ symbol, interval, exchange, fromMs = 0, toMs = Number.POSITIVE_INFINITY, limit, end }) {
      here()
      const rows = [...table.rows.values()].filter(
        (bar) =>
          bar.symbol === symbol &&
          bar.interval === interval &&
          bar.exchange === (exchange ?? bar.exchange) &&
          bar.timestamp >= fromMs &&
          bar.timestamp < toMs,
      )
      const bars = newestVersions(rows).sort((a, b) => (end === 'oldest' ? byStart(a, b) : byStart(b, a)))
      const page = wholeStarts(bars, limit)
      return { bars: page.toSorted(byStart), more: page.length < bars.length }
    },
    async knows(symbol, interval) {
      here()
      return [...table.rows.values()].some((bar) => bar.symbol === symbol && bar.interval === interval)
    },
  }
  return table
}
