import { type Bar, INTERVALS, type Interval, intervalNames } from '../../shared/contract/bar.ts'
import type { BarSettings } from '../../shared/domain/bar-settings.ts'
import { versionOf } from '../../shared/domain/version.ts'
import { barOf } from '../../triggers/sources/recompute.ts'

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

/** Bars from lists of trades, each bar summed up anew by the recomputation: slow and plain, and sharing no code with the fold. */
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

const toWire = ({ tsMs, id, side, ...trade }: Trade) => ({
  ...trade,
  timestamp: tsMs,
  ...(side !== undefined && { side }),
  ...(id !== undefined && { trade_id: id }),
})

function barsOf(all: readonly Counted[], interval: Interval, graceMs: number): Bar[] {
  const width = INTERVALS[interval]
  const starts = [...new Set(all.map(({ tsMs }) => Math.floor(tsMs / width) * width))]
  return starts.map((timestamp) => {
    const trades = all.filter(({ tsMs }) => tsMs >= timestamp && tsMs < timestamp + width)
    const first = trades.reduce((a, b) => (precedes(a, b) ? a : b))
    const last = trades.reduce((a, b) => (precedes(a, b) ? b : a))
    return {
      ...barOf(trades.map(toWire), interval, [toWire(first), toWire(last)]),
      closed: true,
      rev: trades.filter(({ watermark }) => watermark >= timestamp + width + graceMs).length,
      version: Math.max(...trades.map(({ version }) => version)),
    }
  })
}
