import { exponential, poisson, type Random } from './random.ts'

/** A trade about to happen: when, and on which side. */
export type Arrival = { readonly tMs: number; readonly side: 'buy' | 'sell' }

/** Each trade draws so many others on average: the excitement of a Hawkes process, 0 for none, below 1. */
export const BRANCHING = 0.65
/** Mean time until a drawn trade, ms: most at once, some a while later. */
const [SOON_MS, LATER_MS, SOON_SHARE] = [120, 4_000, 0.75]
/** A drawn trade takes the side of the one that drew it: orders are split. */
const SAME_SIDE = 0.8

/**
 * Trades of a self-exciting (Hawkes) process in its branching form: some trades come on their own, and each draws others soon after.
 *
 * @param perMs - rate at which trades come on their own within the span.
 * @returns every trade that began in [startMs, startMs + spanMs) or was drawn by one of those, cut one span later; in no order.
 * @see Hawkes and Oakes (1974), "A cluster process representation of a self-exciting process"
 */
export function arrivals(next: Random, startMs: number, spanMs: number, perMs: number): Arrival[] {
  const trades: Arrival[] = []
  for (let i = poisson(next, perMs * spanMs); i > 0; i--)
    trades.push({ tMs: startMs + next() * spanMs, side: next() < 0.5 ? 'buy' : 'sell' })
  for (let i = 0; i < trades.length; i++) {
    const { tMs, side } = trades[i]!
    for (let children = poisson(next, BRANCHING); children > 0; children--) {
      const childMs = tMs + exponential(next, next() < SOON_SHARE ? SOON_MS : LATER_MS)
      const same = next() < SAME_SIDE
      if (childMs < startMs + 2 * spanMs) trades.push({ tMs: childMs, side: same === (side === 'buy') ? 'buy' : 'sell' })
    }
  }
  return trades
}
