import { CodedError, RetryableError } from './errors.ts'

/** Codes that have an HTTP status of their own; other retryable errors are 503, other terminal ones 500. */
const STATUS: Partial<Record<string, number>> = {
  ERR_BATCH: 400,
  ERR_REQUEST: 400,
  ERR_SQL: 400,
  ERR_FORBIDDEN: 403,
  ERR_NOT_FOUND: 404,
  ERR_POSITION: 409,
  ERR_TOO_LARGE: 413,
  ERR_LIMIT: 422,
  ERR_BUSY: 429,
  TOO_LARGE: 413,
  NO_CONTENT: 422,
  BAD_DATE: 422,
}

/** An RFC 9457 problem answer; `more` adds members to it. */
export function problem(status: number, code: string, detail: string, more: object = {}): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  // Retry at once: what was missing has been waited for already, and the caller has a backoff of its own.
  if (status === 503) headers['retry-after'] = '0'
  if (status === 429) headers['retry-after'] = '1'
  return new Response(JSON.stringify({ type: 'about:blank', title: code, status, code, detail, ...more }), { status, headers })
}

/** The answer to an error: its code's status; an error without a code is ours and tells the caller nothing of its inside. */
export function problemOf(error: unknown): Response {
  if (!(error instanceof CodedError)) return problem(500, 'ERR_INTERNAL', 'the function failed; its log says why')
  return problem(STATUS[error.code] ?? (error instanceof RetryableError ? 503 : 500), error.code, error.message)
}
