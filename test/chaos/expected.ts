import { intervalNames } from '../../shared/contract/bar.ts'
import { type RecomputedBar, recompute, type Trade } from '../../triggers/sources/recompute.ts'
import type { Tape } from './tape.ts'

/** The bars that a tape must give, whatever happens on the way: made the plain way from its good ticks. */
export const barsOfTape = (tape: Tape): RecomputedBar[] => recompute(goodTicks(tape), intervalNames)

function* goodTicks(tape: Tape): Generator<Trade> {
  for (let i = 0; i < tape.length; i++) {
    const { text } = tape.message(i)
    if (!tape.bad.has(text)) yield JSON.parse(text)
  }
}
