import { hashOfText } from '../../../shared/domain/text-hash.ts'

/** A stream of numbers in [0, 1). */
export type Random = () => number

/** A reproducible stream of random numbers for a key: the same key gives the same numbers on every machine. (mulberry32) */
export function random(...key: readonly (string | number)[]): Random {
  let state = hashOfText(key.join('/'))
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A normal deviate of mean 0 and deviation 1 (Box and Muller). */
export const normal = (next: Random): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

/** An exponential deviate of the given mean. */
export const exponential = (next: Random, mean: number): number => -mean * Math.log(1 - next())

/** A Pareto deviate of least value 1: P(X > x) = x^-alpha. */
export const pareto = (next: Random, alpha: number): number => (1 - next()) ** (-1 / alpha)

/** How many events of a Poisson process fall in a span that expects `mean` of them. */
export function poisson(next: Random, mean: number): number {
  let events = 0
  for (let at = exponential(next, 1); at < mean; at += exponential(next, 1)) events++
  return events
}
