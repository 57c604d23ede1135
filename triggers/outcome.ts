import { Positions } from '../shared/contract/batch.ts'

/** What a call came to, as far as it concerns the batch. */
export type Outcome =
  /** Applied, now or before. */
  | { readonly kind: 'settled'; readonly rejected: number }
  /** The function stands elsewhere: go on from there. */
  | { readonly kind: 'seek'; readonly positions: Positions }
  /** Nothing is wrong with the batch: again, after `afterMs` at least. Never counts against a message. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly cause: string }
  /** Refused. After `patience` refusals in a row, a message in it is at fault. */
  | { readonly kind: 'refused'; readonly patience: number; readonly cause: string }

/** What came back: status 0 and the error's code as body where no answer came. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Statuses that speak of the platform, the credentials or the moment, never of a message. 409 without positions is such a moment too. */
const PASSING = new Set([0, 401, 403, 404, 408, 409, 425, 429, 502, 503, 504])
/** A function that failed inside may do better next time; five times in a row is no accident. */
const PATIENCE = 5
export const MOST_CAUSE = 300

/** Reads the answer to a positioned batch (DESIGN 4, 9; docs/semantics.md). */
export function outcomeOf({ status, headers, body }: Answer): Outcome {
  const answer = parsed(body)
  if (status >= 200 && status < 300) return { kind: 'settled', rejected: typeof answer.rejected === 'number' ? answer.rejected : 0 }
  if (status === 409 && answer.code === 'ERR_POSITION') {
    const positions = Positions.safeParse(answer.positions)
    if (positions.success) return { kind: 'seek', positions: positions.data }
  }
  const cause = `${status || 'no answer'}: ${describe(answer, body)}`
  // The gateway marks errors that are its own.
  const platform = headers['x-openfaas-internal'] !== undefined && status >= 500
  if (platform || PASSING.has(status) || (status >= 300 && status < 400)) return { kind: 'retry', afterMs: retryAfterMs(headers), cause }
  // A body that broke on its way is refused as malformed: the same bytes may well arrive the next time.
  const patience = status >= 500 || answer.code === 'ERR_BATCH' ? PATIENCE : 1
  return { kind: 'refused', patience, cause }
}

/** Whether the function itself has given an answer: the gateway names the call, or OpenFaaS's watchdog its duration, on those alone. */
export const isOfFunction = ({ headers }: Pick<Answer, 'headers'>): boolean =>
  headers['x-call-id'] !== undefined || headers['x-duration-seconds'] !== undefined

/** An answer's JSON object; an empty one where it is none. */
export function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Not JSON: told as text below.
  }
  return {}
}

/** What an answer says, in one short line. */
export const describe = (answer: Record<string, unknown>, body: string): string =>
  (typeof answer.code === 'string' ? `${answer.code} ${answer.detail ?? ''}` : body).slice(0, MOST_CAUSE)

const MOST_RETRY_AFTER_MS = 60_000
/** The forms of a date begin with the day of the week; none else is read, since `Date.parse` finds a date in almost anything. */
const HTTP_DATE = /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?,? /

/**
 * How long an answer asks to be left alone, in seconds or until a date; a minute at most.
 *
 * A date is taken relative to the answer's own, so that two clocks that disagree do no harm.
 * @param nowMs - stands for the answer's date where it has none.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(headers: Answer['headers'], nowMs = Date.now()): number {
  const text = String(headers['retry-after'] ?? '').trim()
  const seconds = Number(text)
  const until = Number.isNaN(seconds) ? httpDate(text) - (httpDate(String(headers.date ?? '')) || nowMs) : seconds * 1000
  return until > 0 ? Math.min(until, MOST_RETRY_AFTER_MS) : 0
}

/** NaN where it is none. The oldest form has no time zone: all are in UTC. */
const httpDate = (text: string): number => (HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN)
