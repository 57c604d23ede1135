import type { RecomputedBar } from './recompute.ts'

const EXACT = ['open', 'high', 'low', 'close', 'trades', 'first_ms', 'first_id', 'last_ms', 'last_id'] as const
const SUMS = ['volume', 'quote_volume', 'buy_volume', 'sell_volume'] as const

/** A bar as far as two ways of making it can be compared; a field that one side does not know is left out. */
export type ComparableBar = Pick<RecomputedBar, 'exchange' | 'symbol' | 'interval' | 'timestamp'> &
  Partial<Pick<RecomputedBar, (typeof EXACT)[number] | (typeof SUMS)[number]>>

const keyOf = ({ exchange, symbol, interval, timestamp }: ComparableBar) =>
  `${exchange} ${symbol} ${interval} ${new Date(timestamp).toISOString()}`

/** Sums of the same numbers in another order agree within 1e-9 of their value. */
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

/** What differs between the bars got and the bars wanted, a line each: missing, extra, or a field with both values. Empty = equal. */
export function compareBars(got: Iterable<ComparableBar>, want: Iterable<ComparableBar>): string[] {
  const found = new Map([...got].map((bar) => [keyOf(bar), bar]))
  const differences: string[] = []
  for (const bar of want) {
    const key = keyOf(bar)
    const other = found.get(key)
    found.delete(key)
    if (!other) {
      differences.push(`${key}: missing`)
      continue
    }
    for (const field of [...EXACT, ...SUMS]) {
      const [is, should] = [other[field], bar[field]]
      if (is === undefined || should === undefined || is === should) continue
      if ((SUMS as readonly string[]).includes(field) && near(Number(is), Number(should))) continue
      differences.push(`${key}: ${field} is ${is}, not ${should}`)
    }
  }
  return [...differences, ...[...found.keys()].map((key) => `${key}: extra`)]
}
