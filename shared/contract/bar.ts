import * as z from 'zod'

/** The intervals bars are made for; all are multiples of the first. */
export const INTERVALS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '1d': 86_400_000 } as const
export type Interval = keyof typeof INTERVALS
export const intervalNames = Object.keys(INTERVALS) as Interval[]

/**
 * One bar of [timestamp, timestamp + interval). Prices in quote currency, volumes in base units, times in ms since the epoch (UTC).
 * `version` orders all editions of a bar (greatest wins); `rev` counts the ticks that came after it was final, for people.
 * `first_*` and `last_*` name the trades that gave open and close. `volume` may exceed `buy_volume + sell_volume` by trades of unknown side.
 * @see docs/semantics.md
 */
export const Bar = z.object({
  symbol: z.string().min(1),
  exchange: z.string().min(1),
  interval: z.enum(intervalNames as [Interval, ...Interval[]]),
  timestamp: z.int().nonnegative(),
  close_ms: z.int(),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
  quote_volume: z.number(),
  trades: z.int().nonnegative(),
  buy_volume: z.number(),
  sell_volume: z.number(),
  vwap: z.number().nullable(),
  first_ms: z.int(),
  first_id: z.string().nullable(),
  last_ms: z.int(),
  last_id: z.string().nullable(),
  closed: z.boolean(),
  rev: z.int().nonnegative(),
  version: z.int().nonnegative(),
})
export type Bar = z.infer<typeof Bar>
