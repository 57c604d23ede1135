import { type Bar, INTERVALS, type Interval, intervalNames } from '../../shared/contract/bar.ts'
import type { BarSettings } from '../../shared/domain/bar-settings.ts'
import { versionOf } from '../../shared/domain/version.ts'

export type Trade = {
  readonly symbol: string
  readonly exchange: string
  readonly tsMs: number
  readonly price: number
  readonly qty: number
  readonly side: 'buy' | 'sell' | undefined
  readonly id: string | undefined
}
type Message = { readonly seq: number; readonly brokerMs: number; readonly trades: readonly Trade[] }
type Counted = Trade & { readonly version: number; readonly watermark: number }

/** Bars from lists of trades, each bar summed up anew: slow and plain, and sharing no code with the fold. */
export function naiveBars(messages: readonly Message[], { graceMs, horizonMs, futureMs }: BarSettings) {
  const counted = new Map<string, Counted[]>()
  const rejects: { seq: number; line: number | undefined; code: string }[] = []
  for (const { seq, brokerMs, trades } of messages) {
    for (const [line, trade] of trades.entries()) {
      const code = verdict(trade, brokerMs)
      if (code !== undefined) rejects.push({ seq, line: trades.length > 1 ? line : undefined, code })
    }
    function verdict(trade: Trade, broker: number): string | undefined {
      if (trade.qty === 0) return undefined
      if (trade.tsMs > broker + futureMs) return 'FUTURE_TS'
      const name = `${trade.exchange} ${trade.symbol}`
      const known = counted.get(name) ?? []
      const watermark = Math.max(-1, ...known.map(({ tsMs }) => tsMs))
      const minute = Math.floor(trade.tsMs / 60_000)
      if ((minute + 1) * 60_000 + horizonMs <= watermark) return 'LATE_TS'
      const same = known.find(({ id, tsMs }) => trade.id !== undefined && id === trade.id && Math.floor(tsMs / 60_000) === minute)
      if (same) {
        const equal = same.tsMs === trade.tsMs && same.price === trade.price && same.qty === trade.qty && same.side === trade.side
        return equal ? undefined : 'TRADE_MISMATCH'
      }
      counted.set(name, [...known, { ...trade, version: versionOf(1, seq), watermark }])
      return undefined
    }
  }
  const bars = [...counted.values()].flatMap((trades) => intervalNames.flatMap((interval) => barsOf(trades, interval, graceMs)))
  return { bars, rejects }
}

const numberOf = (id: string | undefined) => /^(.*?)(0|[1-9]\d{0,14})$/s.exec(id ?? '') ?? undefined

/** Whether `a` comes before `b`, which is later in the stream. */
function precedes(a: Trade, b: Trade): boolean {
  if (a.tsMs !== b.tsMs) return a.tsMs < b.tsMs
  const [x, y] = [numberOf(a.id), numberOf(b.id)]
  return !(x && y && x[1] === y[1] && Number(y[2]) < Number(x[2]))
}

function barsOf(all: readonly Counted[], interval: Interval, graceMs: number): Bar[] {
  const width = INTERVALS[interval]
  const starts = [...new Set(all.map(({ tsMs }) => Math.floor(tsMs / width) * width))]
  return starts.map((timestamp) => {
    const trades = all.filter(({ tsMs }) => tsMs >= timestamp && tsMs < timestamp + width)
    const first = trades.reduce((a, b) => (precedes(a, b) ? a : b))
    const last = trades.reduce((a, b) => (precedes(a, b) ? b : a))
    const sum = (of: (trade: Trade) => number) => trades.reduce((total, trade) => total + of(trade), 0)
    const [volume, quote_volume] = [sum(({ qty }) => qty), sum(({ price, qty }) => price * qty)]
    return {
      symbol: first.symbol,
      exchange: first.exchange,
      interval,
      timestamp,
      close_ms: timestamp + width - 1,
      open: first.price,
      high: Math.max(...trades.map(({ price }) => price)),
      low: Math.min(...trades.map(({ price }) => price)),
      close: last.price,
      volume,
      quote_volume,
      trades: trades.length,
      buy_volume: sum(({ side, qty }) => (side === 'buy' ? qty : 0)),
      sell_volume: sum(({ side, qty }) => (side === 'sell' ? qty : 0)),
      vwap: quote_volume / volume,
      first_ms: first.tsMs,
      first_id: first.id ?? null,
      last_ms: last.tsMs,
      last_id: last.id ?? null,
      closed: true,
      rev: trades.filter(({ watermark }) => watermark >= timestamp + width + graceMs).length,
      version: Math.max(...trades.map(({ version }) => version)),
    }
  })
}
