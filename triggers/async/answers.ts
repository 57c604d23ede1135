import type { IncomingMessage } from 'node:http'
import type { Answer } from '../outcome.ts'

/** What the desk is told of a call (acked/outcome.ts reads it): made, refused for good, failed, or not possible now. */
export const DONE: Answer = { status: 200, headers: {}, body: '' }
export const refused = (cause: string): Answer => ({ status: 422, headers: {}, body: cause })
export const failed = (cause: string, headers: Answer['headers'] = {}): Answer => ({ status: 500, headers, body: cause })
export const unavailable = (cause: string): Answer => ({ status: 503, headers: {}, body: cause })
/** No answer came: the status of the client's own. */
export const unreached = (reason: string): Answer => ({ status: 0, headers: {}, body: reason })

/** Headers of one connection, and those that the callback says itself. */
const NOT_PASSED_ON =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|date|x-call-id|x-start-time|x-served-by|x-duration-seconds|x-function-.*)$/i

/** A function's own headers: name, value, name, value, ... */
export function ownHeaders({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): string[] {
  const own: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) if (!NOT_PASSED_ON.test(rawHeaders[i]!)) own.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  return own
}
