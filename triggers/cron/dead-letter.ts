import { toInstantLetter } from '../../shared/contract/instant-letter.ts'
import type { Outgoing } from '../../shared/ports/publisher.ts'
import type { Run } from './record.ts'
import type { Schedule } from './schedule.ts'

/** The dead letter of an instant that is given up. Made again it has the same id. */
export const letterOf = ({ functionName, expression, timeZone }: Schedule, run: Run, why: Why): Outgoing =>
  toInstantLetter({
    functionName,
    schedule: `${expression} ${timeZone}`,
    atMs: run.at,
    redriven: run.redriven ?? 0,
    code: 'FAILED',
    error: why.cause,
    attempts: run.calls,
    traceparent: why.traceparent,
  })

type Why = { readonly cause: string; readonly traceparent: string }
