import { randomUUID } from 'node:crypto'
import { REDRIVEN } from '../../shared/contract/found-letter.ts'
import { scheduledHeaders } from '../../shared/contract/scheduled.ts'
import { exchange } from '../http.ts'
import { type Answer, isOfFunction, outcomeOf } from '../outcome.ts'
import type { Run } from './record.ts'

/** Calls a function for an instant; never rejects. */
export type CallInstant = (target: Target, run: Pick<Run, 'at' | 'calls' | 'redriven'>, traceparent: string) => Promise<Answer>

export type Target = { readonly functionName: string; readonly path: string }

/** Only a backstop: how long a call may take is for the gateway to say. */
const DEADLINE_MS = 3_600_000

export const callThrough =
  (gatewayUrl: string): CallInstant =>
  ({ functionName, path }, { at, calls, redriven }, traceparent) =>
    exchange({
      url: new URL(`/function/${functionName}${path === '/' ? '' : path}`, gatewayUrl),
      method: 'POST',
      // The last two as OpenFaaS's own connectors send them.
      headers: {
        ...scheduledHeaders(functionName, at, calls),
        ...(redriven !== undefined && { [REDRIVEN]: `${redriven}` }),
        traceparent,
        'X-Call-Id': randomUUID(),
        'X-Connector': 'trade2026',
        'X-Topic': 'cron-function',
      },
      timeoutMs: DEADLINE_MS,
    })

/** What an answer means for the run: `isFault` where the function itself failed, and may have done part of its work. */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly cause: string }
  | { readonly kind: 'again'; readonly afterMs: number; readonly isFault: boolean; readonly cause: string }

/** From the function itself: it has no such path. From the gateway: it knows no such function now. */
const NOT_FOUND = 404
const TIMED_OUT = 504
/** So often may the function fail before the instant counts as failed. */
const PATIENCE = 5

/** Reads the answer to a call. @param failures - how often the function has failed for this instant before. */
export function verdictOf(answer: Answer, failures: number): Verdict {
  const outcome = outcomeOf(answer)
  if (outcome.kind === 'settled') return { kind: 'done' }
  // No schedule speaks of positions: a function that does is asked again like one that is away.
  if (outcome.kind === 'seek') return { kind: 'failed', cause: '409: the function takes batches at this path' }
  const { cause } = outcome
  const isFault = outcome.kind === 'refused' || answer.status === TIMED_OUT || (answer.status === NOT_FOUND && isOfFunction(answer))
  const isForGood = outcome.kind === 'refused' && outcome.patience === 1
  if (isForGood || (isFault && failures + 1 >= PATIENCE)) return { kind: 'failed', cause }
  return { kind: 'again', afterMs: outcome.kind === 'retry' ? outcome.afterMs : 0, isFault, cause }
}
