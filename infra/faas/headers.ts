import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Headers that speak of one connection (RFC 9110, 7.6.1), and `expect`, which the host has answered itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])

/** What a call is known by, in the function and in the answer: the caller's id or a new one, and when it began (unix ns). */
export type CallId = { readonly id: string; readonly startedNs: string }

export const callIdOf = (request: IncomingMessage): CallId => ({
  id: (request.headers['x-call-id'] as string | undefined) ?? randomUUID(),
  startedNs: `${Date.now()}000000`,
})

/** The caller's headers as the function gets them: name, value, name, value, ... in the order and spelling of the caller. */
export function headersToFunction(request: IncomingMessage, { id, startedNs }: CallId): string[] {
  const { headers } = request
  const to = endToEnd(request)
  if (headers['x-call-id'] === undefined) to.push('X-Call-Id', id)
  to.push('X-Start-Time', startedNs)
  if (headers.host === undefined) to.push('Host', 'localhost')
  else if (headers['x-forwarded-host'] === undefined) to.push('X-Forwarded-Host', headers.host)
  if (headers['x-forwarded-for'] === undefined) to.push('X-Forwarded-For', request.socket.remoteAddress ?? '')
  if (headers['transfer-encoding'] !== undefined) to.push('Transfer-Encoding', 'chunked')
  else if (headers['content-length'] === undefined && request.method !== 'GET' && request.method !== 'HEAD') to.push('Content-Length', '0')
  return to
}

/** The function's headers as the caller gets them. */
export function headersToCaller(answer: IncomingMessage, call: CallId): string[] {
  const to = endToEnd(answer)
  if (answer.headers['x-call-id'] === undefined) to.push('X-Call-Id', call.id)
  if (answer.headers['x-start-time'] === undefined) to.push('X-Start-Time', call.startedNs)
  return to
}

function endToEnd({ rawHeaders, headers }: IncomingMessage): string[] {
  const { connection } = headers
  // A sender may name further headers that are meant for the next hop only.
  const named =
    connection?.includes(',') || (connection && !/^(keep-alive|close)$/i.test(connection)) ? connection.toLowerCase().split(/ *, */) : []
  const to: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (HOP_BY_HOP.has(name) || name === 'x-start-time' || named.includes(name)) continue
    to.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  return to
}
