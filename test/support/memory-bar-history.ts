import type { Bar } from '../../shared/contract/bar.ts'
import type { Trace } from '../../shared/domain/past.ts'
import type { BarHistory } from '../../shared/ports/bar-history.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

/** The history of bars in memory: `rows` of every interval and version. `away` makes it answer like a server that is gone. */
export function memoryBarHistory(rows: Bar[] = []): BarHistory & { away: boolean; readonly stored: Bar[] } {
  const here = () => {
    if (history.away) throw new RetryableError('ERR_UNAVAILABLE', 'the history is away')
  }
  const history = {
    away: false,
    stored: rows,
    async traces(after: number) {
      here()
      const bySymbol = Map.groupBy(
        rows.filter(({ interval }) => interval === '1m'),
        ({ symbol, exchange }) => JSON.stringify([symbol, exchange]),
      )
      return [...bySymbol.values()].map((bars): Trace => {
        const ahead = bars.filter(({ version }) => version > after)
        const seen = bars.filter(({ version }) => version <= after)
        const start = (bar: Bar) => bar.timestamp
        return {
          symbol: bars[0]!.symbol,
          exchange: bars[0]!.exchange,
          version: most(bars, ({ version }) => version)!,
          newestMs: most(bars, start)!,
          seenMs: most(seen, ({ last_ms }) => last_ms),
          aheadMs: least(ahead, start),
          openMs: least(
            ahead.filter(({ rev }) => rev === 0),
            start,
          ),
        }
      })
    },
    async rows({ symbol, exchange, fromMs, toMs }: Parameters<BarHistory['rows']>[0]) {
      here()
      const named = rows.filter((bar) => bar.symbol === symbol && bar.exchange === exchange)
      return named.filter(({ timestamp }) => timestamp >= fromMs && timestamp < toMs)
    },
  }
  return history
}

const most = (bars: readonly Bar[], of: (bar: Bar) => number): number | null =>
  bars.reduce<number | null>((a, bar) => (a === null || of(bar) > a ? of(bar) : a), null)
const least = (bars: readonly Bar[], of: (bar: Bar) => number): number | null =>
  bars.reduce<number | null>((a, bar) => (a === null || of(bar) < a ? of(bar) : a), null)
