/** How fast recorded time passes: a multiple of real time, or as fast as it goes. */
export type Speed = number | 'max'

/**
 * When a tick is due, on the clock that `startMs` was read from. A source that was held up catches up: the schedule does not move.
 *
 * @param firstMs - delivery time of the first tick, which is due at `startMs`.
 * @returns from a delivery time (ms) to the due time (ms); minus infinity where nothing is to be waited for.
 */
export const scheduleOf =
  (speed: Speed, firstMs: number, startMs: number) =>
  (atMs: number): number =>
    speed === 'max' ? Number.NEGATIVE_INFINITY : startMs + (atMs - firstMs) / speed

/** @throws {RangeError} unless the text is `max` or a number above 0. */
export function speedOf(text: string): Speed {
  if (text === 'max') return 'max'
  const speed = Number(text)
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`--speed is max or a number above 0, not ${text}`)
  return speed
}
