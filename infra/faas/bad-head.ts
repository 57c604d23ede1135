import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How much a request's method, path and headers may be together. */
export const MAX_HEAD_BYTES = 32 * 1024

const LINGER_MS = 1_000

/** By Node's code of what its parser met. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', `the head of the request is larger than ${MAX_HEAD_BYTES} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the head of the request did not come in time'],
}

/** Answers what is no request, in words; Node itself would send a bare status. */
export function answerBadHead(error: NodeJS.ErrnoException, socket: Socket): void {
  // Node notes on a connection the answer that is under way: one that has begun can only be broken off.
  const under = (socket as { _httpMessage?: ServerResponse })._httpMessage
  if (!socket.writable || under?.headersSent) return void socket.destroy()
  const [status, text] = WORDS[error.code ?? ''] ?? ['400 Bad Request', `this is not HTTP: ${error.message}`]
  const head = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}`
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${text}`)
  socket.setTimeout(LINGER_MS, () => socket.destroy())
}
