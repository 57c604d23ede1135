import { errors } from '@opensearch-project/opensearch'
import { RetryableError } from '../../runtime/errors.ts'

/** What the server says is wrong: its type, such as `mapper_parsing_exception`, and the reason with what caused it. */
type Fault = { readonly type: string; readonly reason: string }

/** A fault as the server writes it into an answer. */
export type WrittenFault = { readonly type?: string; readonly reason?: string | null; readonly caused_by?: WrittenFault | null }

/** A written fault in one line. */
export function faultOf({ type = 'unknown', reason, caused_by }: WrittenFault): Fault {
  const cause = caused_by ? faultOf(caused_by).reason : undefined
  const own = reason ?? type
  return { type, reason: cause && !own.includes(cause) ? `${own}: ${cause}` : own }
}

/** The fault in an answer that the client made an error of; of anything else the error itself. */
export function codeless(error: unknown): Fault {
  if (error instanceof errors.ResponseError) {
    const written = (error.body as { error?: WrittenFault | string } | null)?.error
    if (typeof written === 'object') return faultOf(written)
    return { type: 'unknown', reason: `status ${error.statusCode}${typeof written === 'string' ? ` ${written.slice(0, 200)}` : ''}` }
  }
  const name = error instanceof Error ? error.name : 'Error'
  const text = error instanceof Error ? error.message || name : String(error)
  return { type: name, reason: text }
}

/** Whether the server answered with this status. */
export const isStatus = (error: unknown, status: number): boolean => error instanceof errors.ResponseError && error.statusCode === status

/**
 * What a request that failed as a whole means. Our requests are fixed, so a refusal says that the server is not (yet) as it should be, is busy, full or
 * read-only; it never speaks of a document.
 */
export function away(what: string, cause: unknown): RetryableError {
  const { type, reason } = codeless(cause)
  return new RetryableError('ERR_UNAVAILABLE', `OpenSearch: ${what}: ${type === 'unknown' ? '' : `${type}: `}${reason}`, cause)
}
