/** One that served so long was well: what ended it is no sign that it cannot start. */
const STEADY_MS = 2_000
const MAX_BACKOFF_MS = 5_000

/** How often a replica has died in a row, after one more death. @param servedMs - how long it was ready before; negative where it never was. */
export const deathsInARow = (before: number, servedMs: number) => (servedMs > STEADY_MS ? 1 : before + 1)

/** Pause before a start, by how often this replica died in a row: none after the first death, then 50 ms doubling to 5 s. */
export const backoffMs = (deaths: number) => (deaths <= 1 ? 0 : Math.min(50 * 2 ** (deaths - 2), MAX_BACKOFF_MS))
