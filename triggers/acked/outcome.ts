import * as z from 'zod'
import { Failure } from '../../shared/contract/acked.ts'
import { type Answer, describe, isOfFunction, parsed, retryAfterMs } from '../outcome.ts'
import type { Outcome } from './step.ts'

/** Turned away at the door: what says so is there, and asks to come again. */
const TURNED_AWAY = new Set([425, 429, 503])
/** Statuses of the platform, the credentials or the moment; but a function may say them of one message as well. */
const SUSPECT = new Set([401, 403, 404, 408, 409, 502, 504])
/** There is nobody to connect to, so no message did it. */
const UNREACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/

const Failures = z.array(Failure)

/** Reads the answer to a call of `count` messages (docs/semantics.md, acked triggers). @param form - only a batch's answer can name failures. */
export function outcomeOf(answer: Answer, count: number, form: 'batch' | 'message'): Outcome {
  const { status, headers, body } = answer
  const isSuccess = status >= 200 && status < 300
  // Most answers name no failures, and looking for the word costs less than reading them.
  if (isSuccess && (form === 'message' || !body.includes('failed'))) return { kind: 'done' }
  const json = parsed(body)
  if (isSuccess) return json.failed === undefined ? { kind: 'done' } : partly(json.failed, count)
  const cause = `${status || 'no answer'}: ${describe(json, body)}`
  const afterMs = retryAfterMs(headers)
  if (status === 0) return { kind: 'away', afterMs, cause, suspect: !UNREACHED.test(body) }
  // The gateway marks errors that are its own: nobody is there to be asked, or who was there broke off.
  if (headers['x-openfaas-internal'] !== undefined && status >= 500) return { kind: 'away', afterMs, cause, suspect: true }
  if (TURNED_AWAY.has(status)) return { kind: 'away', afterMs, cause, suspect: false }
  // The function is there and knows no such path: not the moment's doing. The gateway's own 404 is: it is not deployed yet, or not any more.
  if (status === 404 && isOfFunction(answer)) return { kind: 'failed', afterMs, cause }
  if (SUSPECT.has(status) || (status >= 300 && status < 400)) return { kind: 'away', afterMs, cause, suspect: true }
  // A body that broke on its way is refused as malformed: the same bytes may well arrive the next time.
  if (status >= 500 || json.code === 'ERR_BATCH') return { kind: 'failed', afterMs, cause }
  return { kind: 'refused', cause }
}

function partly(failed: unknown, count: number): Outcome {
  const read = Failures.safeParse(failed)
  if (!read.success) return { kind: 'failed', afterMs: 0, cause: `200: \`failed\` is not understood: ${z.prettifyError(read.error)}` }
  const beyond = read.data.find(({ index }) => index >= count)
  if (beyond) return { kind: 'failed', afterMs: 0, cause: `200: \`failed\` names message ${beyond.index} of ${count}` }
  return read.data.length === 0 ? { kind: 'done' } : { kind: 'partly', failures: read.data }
}
