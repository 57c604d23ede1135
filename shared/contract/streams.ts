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
  /** `work`: a message is there until it is settled, by the one reader that its subject has. Never changes once the stream is made. */
  readonly keeps?: 'work'
  /** A full stream takes no more, instead of dropping what is oldest. */
  readonly refusesWhenFull?: true
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
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
  /** Documents: what is a duplicate of what is decided in the order of all of them, so they are of one slot. */
  ALT_DATA: { name: 'ALT_DATA', subjects: ['alt.norm.>'], slots: 1, maxAgeMs: 7 * DAY, maxBytes: 2 * GIB, duplicateWindowMs: 120_000 },
  DLQ: { name: 'DLQ', subjects: ['dlq.>'], slots: 1, maxAgeMs: 30 * DAY, maxBytes: GIB, duplicateWindowMs: 120_000 },
  ASYNC: {
    name: 'ASYNC',
    subjects: ['async.>'],
    slots: 1,
    maxAgeMs: 0,
    maxBytes: GIB,
    duplicateWindowMs: 120_000,
    keeps: 'work',
    refusesWhenFull: true,
  },
  /** Bodies too large for a message of ASYNC; kept a little longer than a dead letter that names one. */
  ASYNC_BODIES: {
    name: 'ASYNC_BODIES',
    subjects: ['async-body.>'],
    slots: 1,
    maxAgeMs: 32 * DAY,
    maxBytes: 2 * GIB,
    duplicateWindowMs: 120_000,
    refusesWhenFull: true,
  },
} as const satisfies Record<string, StreamSpec>

/** The bucket in NATS KV that outlives Valkey: epochs, beginnings, leases, progress, runs of the feed. */
export const CONTROL_BUCKET = 'trade2026'
