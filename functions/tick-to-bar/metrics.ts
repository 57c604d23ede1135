import type { Batch } from '../../shared/contract/framing.ts'
import type { Counts, Reject } from '../../shared/domain/fold.ts'
import { gaugeOf, rejectedTicks, WeightedHistogram } from '../../shared/runtime/metrics.ts'
import { Counter, type Registry } from '../../shared/runtime/prometheus.ts'

const LATENCY_SECONDS = [
  ...[0.000_25, 0.000_5, 0.000_75, 0.001, 0.001_25, 0.001_5, 0.002, 0.002_5, 0.003, 0.004, 0.005, 0.006, 0.008],
  ...[0.01, 0.012, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 60],
]

/** What tick-to-bar counts. Only committed batches count, so a batch that comes twice counts once. */
export function barMetrics(registry: Registry, waiting: () => number) {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] })
  const ticks = counter('ticks_total', 'Ticks taken in')
  const trades = counter('trades_total', 'Ticks counted in bars')
  const corrected = counter('ticks_corrected_total', 'Ticks counted after their minute was final')
  const duplicates = counter('ticks_duplicate_total', 'Repeated trades, dropped')
  const others = counter('ticks_other_total', 'Quotes, tickers and trades of nothing, in no bar')
  const bars = counter('bars_closed_total', 'Closed bars, corrected ones included')
  const rejected = rejectedTicks(registry)
  const help = 'From the broker receiving a tick to its bars being committed'
  const latency = new WeightedHistogram(registry, 'tick_commit_latency_seconds', help, LATENCY_SECONDS)
  gaugeOf(registry, 'bars_unpublished', 'Closed bars waiting to be published', waiting)

  return {
    /** Counts a batch that was committed at `nowMs`. */
    committed(batch: Batch, counts: Counts, rejects: readonly Reject[], closed: number, nowMs: number): void {
      ticks.inc(counts.ticks)
      trades.inc(counts.trades)
      corrected.inc(counts.corrections)
      duplicates.inc(counts.duplicates)
      others.inc(counts.others)
      bars.inc(closed)
      for (const { code } of rejects) rejected.inc({ code })
      const ticksPerMessage = counts.ticks / Math.max(1, counts.messages)
      const { times } = batch
      for (let i = 0, from = 0; i < times.length; i++) {
        if (i + 1 < times.length && times[i + 1] === times[from]) continue
        latency.observe(Math.max(0, nowMs - times[from]!) / 1000, (i + 1 - from) * ticksPerMessage)
        from = i + 1
      }
    },
  }
}
