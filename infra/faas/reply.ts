import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { finished } from 'node:stream'

/** How long a caller may go on to send what nobody wants, after an answer that is the last one. */
const LINGER_MS = 5_000

/**
 * Sends a short answer of the host's own, whole. With `Connection: close` what the caller still sends is dropped for a while before its connection is
 * closed: closed at once it would be reset, and the answer lost with it.
 */
export function reply(response: ServerResponse, status: number, body = '', headers: OutgoingHttpHeaders = {}): void {
  const type = body === '' ? {} : { 'Content-Type': 'text/plain' }
  response.writeHead(status, { ...type, 'Content-Length': Buffer.byteLength(body), ...headers })
  if (headers.Connection !== 'close') return void response.end(body)
  response.write(body)
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  finished(response.req.resume(), end)
}
