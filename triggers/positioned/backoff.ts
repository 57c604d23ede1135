const FIRST_MS = 10
const MOST_MS = 2000

/**
 * How long to wait before try `tries + 1`: doubling from 10 ms to `mostMs`, of which a random half is left out.
 * @param jitter - in [0, 1).
 */
export const backoffMs = (tries: number, jitter: number, mostMs = MOST_MS): number =>
  Math.min(FIRST_MS * 2 ** Math.min(tries, 20), mostMs) * (1 - jitter / 2)
