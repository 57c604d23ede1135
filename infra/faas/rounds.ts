import { setImmediate } from 'node:timers/promises'

/**
 * Goes round again and again, with a pause between: one step, then whatever else is to be done, then the next. So however many
 * replicas there are, no call waits for more than one of them to be looked at.
 */
export function goRound(pauseMs: number, steps: () => Iterable<unknown>): void {
  const round = async () => {
    for (const _ of steps()) await setImmediate()
    setTimeout(round, pauseMs).unref()
  }
  setTimeout(round, pauseMs).unref()
}
