import { type Bar, type Interval, intervalNames } from '../../../shared/contract/bar.ts'

const CLOSES_KEPT = 30

/** What the view knows of one symbol at one exchange: its newest minute and the closes of the minutes before. */
export type MarketRow = { readonly newest: Bar; readonly closes: readonly number[] }

/** The newest bars by symbol and exchange, and how many were closed; fed with every bar message, in any order. */
export class Market {
  readonly #rows = new Map<string, { newest: Bar; closed: Map<number, Bar> }>()
  readonly closed: Record<Interval, number> = { '1m': 0, '5m': 0, '15m': 0, '1h': 0, '1d': 0 }
  /** Editions of bars that a late tick changed after their close. */
  corrected = 0

  take(bar: Bar): void {
    if (bar.closed && bar.rev === 0) this.closed[bar.interval]++
    if (bar.closed && bar.rev > 0) this.corrected++
    if (bar.interval !== intervalNames[0]) return
    const key = `${bar.symbol} ${bar.exchange}`
    const row = this.#rows.get(key) ?? { newest: bar, closed: new Map<number, Bar>() }
    this.#rows.set(key, row)
    if (isNewer(bar, row.newest)) row.newest = bar
    if (!bar.closed || row.closed.get(bar.timestamp)?.version === bar.version) return
    row.closed.set(bar.timestamp, bar)
    if (row.closed.size > CLOSES_KEPT) row.closed.delete(Math.min(...row.closed.keys()))
  }

  /** Rows by symbol, then exchange. */
  rows(): MarketRow[] {
    const sorted = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([, { newest, closed }]) => {
      const minutes = [...closed.values()].sort((a, b) => a.timestamp - b.timestamp)
      return { newest, closes: minutes.map(({ close }) => close) }
    })
  }
}

const isNewer = (a: Bar, b: Bar): boolean => a.timestamp > b.timestamp || (a.timestamp === b.timestamp && a.version >= b.version)
