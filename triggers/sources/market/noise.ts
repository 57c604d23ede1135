import { normal, random } from './random.ts'

/**
 * A smooth random function of time that can be asked at any time, without what came before: normal values at multiples of `periodMs`, joined smoothly.
 * The whole simulated market hangs on such functions, so a restarted simulation gives the same trades for the same times.
 */
export function noise(key: string, periodMs: number): (tMs: number) => number {
  let [cell, left, right] = [Number.NaN, 0, 0]
  const at = (i: number) => normal(random(key, periodMs, i))
  return (tMs) => {
    const i = Math.floor(tMs / periodMs)
    if (i !== cell) [cell, left, right] = [i, i === cell + 1 ? right : at(i), at(i + 1)]
    const x = tMs / periodMs - i
    return left + (right - left) * x * x * (3 - 2 * x)
  }
}
