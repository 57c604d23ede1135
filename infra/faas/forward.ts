import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { finished } from 'node:stream'
import { AnswerParser } from './answer.ts'
import type { Exchange } from './connection.ts'
import { addToAnswer, type CallId, headToFunction, SERVED_BY } from './headers.ts'
import type { Replica } from './replica.ts'
import { reply } from './reply.ts'

/** One request on its way: `path` is what the function sees, with its query. */
export type Call = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly id: CallId
  readonly maxBodyBytes: number
  /** May be sent again although the function may have seen it: once at most. */
  repeatable: boolean
  /** What to do when the caller leaves. */
  onCallerGone: () => void
}

/** What became of an attempt. `unreached`: the request is whole and nothing was answered, so it can be tried again. */
export type Outcome = 'answered' | 'unreached'

/** Sends a request to one replica and streams the answer back; never rejects. */
export function forward(replica: Replica, call: Call): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const { request, response, path, id } = call
  const chunked = request.headers['transfer-encoding'] !== undefined
  const hasBody = chunked || Number(request.headers['content-length']) > 0
  let head = headToFunction(request, path, id)
  let sent = !hasBody
  let settled = false

  const settle = (outcome: Outcome) => {
    if (settled) return
    settled = true
    replica.release()
    resolve(outcome)
  }
  /** The connection is of no further use: the rest of the body goes nowhere. */
  const breakOff = (status: number, message: string, headers?: OutgoingHttpHeaders) => {
    connection.socket.destroy()
    if (settled) return
    settle('answered')
    stopBody(request)
    if (response.headersSent) response.destroy()
    else refuse(call, status, message, headers)
  }

  const parser = new AnswerParser(request.method!, {
    head({ status, reason, headers, sized }) {
      addToAnswer(headers, request, id)
      response.writeHead(status, reason, headers)
      // An answer of unknown length may be a stream of events whose first one is far away.
      if (!sized) response.flushHeaders()
    },
    body(part) {
      if (response.destroyed || response.write(part) || connection.socket.isPaused()) return
      connection.socket.pause()
      response.once('drain', () => connection.socket.resume())
    },
    end() {
      if (!sent) stopBody(request)
      // A connection that the caller wants closed ends with the answer: while it still writes its body, the answer would be lost.
      if (sent || response.shouldKeepAlive) response.end()
      else finished(request, () => response.end())
      replica.connections.give(connection, sent ? parser.keepMs : 0)
      settle('answered')
    },
  })

  const exchange: Exchange = {
    connected() {
      connected = true
      // The body is touched only once there is a connection: until then another replica can have it.
      if (hasBody) sendBody()
    },
    data(bytes) {
      try {
        parser.feed(bytes)
      } catch (error) {
        breakOff(502, `the function's answer is not HTTP: ${(error as Error).message}`)
      }
    },
    drain: () => request.resume(),
    timeout: () => breakOff(504, 'the function did not answer in time'),
    closed(error) {
      if (settled || parser.close()) return
      // A process that ends closes its connections before its port: the next request must not run into it.
      replica.doubt()
      const again = !connected || (call.repeatable && !hasBody && connection.reused && !response.headersSent)
      if (!again) return breakOff(503, `the function broke off: ${error?.code ?? 'connection closed'}`, { 'Retry-After': '0' })
      if (connected) call.repeatable = false
      settle('unreached')
    },
  }
  const sendBody = () => {
    const { socket } = connection
    let sizeBytes = 0
    request.on('data', (part: Buffer) => {
      sizeBytes += part.length
      if (sizeBytes > call.maxBodyBytes) return breakOff(413, tooLarge(call.maxBodyBytes), { Connection: 'close' })
      socket.cork()
      if (head !== '') socket.write(head, 'latin1')
      head = ''
      if (chunked) socket.write(`${part.length.toString(16)}\r\n`, 'latin1')
      const more = socket.write(part)
      if (chunked) socket.write('\r\n', 'latin1')
      socket.uncork()
      if (!more) request.pause()
    })
    request.once('end', () => {
      sent = true
      if (chunked && !socket.destroyed) socket.write(`${head}0\r\n\r\n`, 'latin1')
    })
  }

  replica.take()
  const connection = replica.connections.take(exchange)
  let connected = !connection.socket.connecting
  call.onCallerGone = () => {
    settle('answered')
    connection.socket.destroy()
  }
  if (!hasBody) connection.socket.write(head, 'latin1')
  else if (connected) sendBody()
  return promise
}

/** What a caller is told of a body beyond the limit. */
export const tooLarge = (limitBytes: number) => `the body is larger than ${limitBytes} bytes`

/** Answers in the function's stead. `X-OpenFaaS-Internal` marks an error of the platform, which is safe to repeat. */
export function refuse({ request, response, id }: Call, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  stopBody(request)
  const own = { 'X-OpenFaaS-Internal': 'proxy', 'X-Call-Id': id.id, 'X-Start-Time': id.startedNs, 'X-Served-By': SERVED_BY }
  reply(response, status, message, { ...own, ...headers })
}

/** Reads the rest of a request and drops it. A body left unread would hold up the connection's next request until keep-alive ends. */
function stopBody(request: IncomingMessage): void {
  request.removeAllListeners('data')
  request.resume()
}
