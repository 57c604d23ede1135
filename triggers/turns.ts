import type { Running } from './running.ts'

/**
 * Takes one turn after the other, the first at once; stopping waits for the turn in hand.
 * @param turn - gives the pause until the next one in ms, or undefined when it was the last. It may ask whether it was stopped meanwhile.
 */
export function takeTurns(turn: (isStopped: () => boolean) => Promise<number | undefined>): Running {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let turning: Promise<void> = Promise.resolve()
  const take = async () => {
    const pauseMs = await turn(() => stopped)
    if (!stopped && pauseMs !== undefined) timer = setTimeout(next, pauseMs)
  }
  const next = () => {
    turning = take()
  }
  next()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await turning
    },
  }
}
