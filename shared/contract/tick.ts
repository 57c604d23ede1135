import * as z from 'zod'
import { msOfTime } from './tick-time.ts'

/** The names a time may have, best first. */
const TIMES = ['ts_ms', 'timestamp', 'event_ts', 'ts']

/** The longest name or id. */
export const MOST_TEXT = 256

/** A time in any form a source may use: ms, s, µs or ns as a number or text, or ISO 8601. */
const Time = z.union([z.number(), z.string()]).transform((time, ctx) => {
  const ms = msOfTime(String(time))
  if (ms !== undefined) return ms
  ctx.addIssue({ code: 'custom', message: `not a time: ${time}` })
  return z.NEVER
})

/** Any number, also one beyond the doubles (`1e999` reads as infinite): what is wrong with it is said later, by its own code. */
const Amount = z.custom<number>((value) => typeof value === 'number', 'not a number')

/** Names and ids are stored as UTF-8, which has no lone surrogates. */
const Text = z
  .string()
  .max(MOST_TEXT)
  .transform((text) => text.toWellFormed())

/** A Map: an object has names of its own, such as `constructor`. */
const SIDES: ReadonlyMap<string, 'buy' | 'sell' | null> = new Map([
  ['buy', 'buy'],
  ['b', 'buy'],
  ['sell', 'sell'],
  ['s', 'sell'],
  ['unknown', null],
  ['none', null],
])

const Side = z.string().transform((text, ctx) => {
  const side = SIDES.get(text.toLowerCase())
  if (side !== undefined) return side
  ctx.addIssue({ code: 'custom', message: `not a side: ${text}` })
  return z.NEVER
})

const TradeId = z.union([z.int().transform(String), Text])

/** The first of some fields that holds anything; a source that has no value may also say null or ''. */
const firstOf = (raw: Record<string, unknown>, ...names: string[]): unknown => {
  for (const name of names) if (raw[name] !== undefined && raw[name] !== null && raw[name] !== '') return raw[name]
  return null
}

/**
 * One tick in any of the forms that sources use, brought to one: aliases, units and empty values are resolved (docs/semantics.md, ticks).
 * `kind` is `trade` where a quantity is given, else `quote` (bid and ask), else `ticker`; only a trade must have a price.
 * `ts_ms` is ms since the epoch (UTC); `exchange` and `symbol` are null where the payload leaves them to the subject.
 */
export const Tick = z
  .record(z.string(), z.unknown())
  .transform((raw) => ({
    ts_ms: firstOf(raw, ...TIMES),
    exchange: firstOf(raw, 'exchange', 'venue'),
    symbol: firstOf(raw, 'symbol'),
    price: firstOf(raw, 'price', 'last'),
    qty: firstOf(raw, 'qty', 'size'),
    bid: firstOf(raw, 'bid'),
    ask: firstOf(raw, 'ask'),
    side: firstOf(raw, 'side'),
    trade_id: firstOf(raw, 'trade_id'),
  }))
  .pipe(
    z.object({
      ts_ms: Time,
      exchange: Text.nullable(),
      symbol: Text.nullable(),
      price: Amount.nullable(),
      qty: Amount.nullable(),
      bid: Amount.nullable(),
      ask: Amount.nullable(),
      side: Side.nullable(),
      trade_id: TradeId.nullable(),
    }),
  )
  .transform((tick, ctx) => {
    const kind = tick.qty !== null ? 'trade' : tick.bid !== null && tick.ask !== null ? 'quote' : 'ticker'
    if (kind === 'trade' && tick.price === null) ctx.addIssue({ code: 'custom', message: 'a trade without a price' })
    return { ...tick, kind: kind as 'trade' | 'quote' | 'ticker' }
  })
export type Tick = z.infer<typeof Tick>

const WIDE = new Set([...TIMES, 'trade_id'])

/**
 * The JSON value of a tick's text. Whole numbers that a double cannot hold become text where they are times or ids, so that no digit is lost.
 * @throws {SyntaxError} when it is not JSON.
 */
export function tickJson(text: string): unknown {
  // The third argument (ES2025, in Node since 21) is not in TypeScript's library yet.
  const reviver = (key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && WIDE.has(key) && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
      ? context?.source
      : value
  return JSON.parse(text, reviver)
}
