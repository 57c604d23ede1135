const FIRST_MS = 10
const MOST_MS = 2000

/**
 * How long to wait before try `tries + 1`: doubling from `firstMs` to `mostMs`, of which a random half is left out.
 * @param jitter - in [0, 1).
 */
export const backoffMs = (tries: number, jitter: number, mostMs = MOST_MS, firstMs = FIRST_MS): number =>
  Math.min(firstMs * 2 ** Math.min(tries, 20), mostMs) * (1 - jitter / 2)
