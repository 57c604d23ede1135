/**
 * The one table of streams: infra/storage creates them from it, triggers take the slots from it.
 * `slots` never changes once a stream holds messages (docs/decisions: positions and slots).
 */
export type StreamSpec = {
  readonly name: string
  readonly subjects: readonly string[]
  readonly slots: number
  /** 0 = kept for ever. */
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly duplicateWindowMs: number
}

const HOUR = 3_600_000
const GIB = 1024 ** 3

export const STREAMS = {
  MARKET_TICKS: {
    name: 'MARKET_TICKS',
    subjects: ['ticks.>', 'market.tick.>'],
    slots: 16,
    maxAgeMs: 24 * HOUR,
    maxBytes: 8 * GIB,
    duplicateWindowMs: 120_000,
  },
  BARS: {
    name: 'BARS',
    subjects: ['ohlcv.1m.>', 'ohlcv.5m.>', 'ohlcv.15m.>', 'ohlcv.1h.>', 'ohlcv.1d.>'],
    slots: 4,
    maxAgeMs: 7 * 24 * HOUR,
    maxBytes: 2 * GIB,
    duplicateWindowMs: 120_000,
  },
  DLQ: { name: 'DLQ', subjects: ['dlq.>'], slots: 1, maxAgeMs: 30 * 24 * HOUR, maxBytes: GIB, duplicateWindowMs: 120_000 },
} as const satisfies Record<string, StreamSpec>

/** The bucket in NATS KV that outlives Valkey: epochs, beginnings, leases, progress, runs of the feed. */
export const CONTROL_BUCKET = 'trade2026'
