import { standsAt } from './ascii.ts'

/** The fields of a tick that mean something here. Within a group of aliases the lower number is believed first. */
export const KEY = {
  none: 0,
  ts_ms: 1,
  timestamp: 2,
  event_ts: 3,
  ts: 4,
  exchange: 5,
  venue: 6,
  symbol: 7,
  price: 8,
  last: 9,
  qty: 10,
  size: 11,
  side: 12,
  trade_id: 13,
  bid: 14,
  ask: 15,
} as const

const names = Object.entries(KEY)
  .filter(([, key]) => key !== KEY.none)
  .map(([name, key]) => ({ key, bytes: new TextEncoder().encode(name) }))
const byLength = Array.from({ length: 10 }, (_, length) => names.filter(({ bytes }) => bytes.length === length))

/** The key that bytes [start, end) name; `none` for any other. */
export function keyOf(bytes: Uint8Array, start: number, end: number): number {
  const candidates = byLength[end - start]
  if (candidates === undefined) return KEY.none
  for (let i = 0; i < candidates.length; i++) if (standsAt(bytes, start, candidates[i]!.bytes)) return candidates[i]!.key
  return KEY.none
}
