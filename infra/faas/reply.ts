import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Sends a short answer of the host's own, whole. */
export function reply(response: ServerResponse, status: number, body = '', headers: OutgoingHttpHeaders = {}): void {
  const type = body === '' ? {} : { 'Content-Type': 'text/plain' }
  response.writeHead(status, { ...type, 'Content-Length': Buffer.byteLength(body), ...headers }).end(body)
}
