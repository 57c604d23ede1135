import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, request as send } from 'node:http'
import type { Writable } from 'node:stream'
import { type CallId, headersToCaller, headersToFunction } from './headers.ts'
import type { Replica } from './replica.ts'
import { reply } from './reply.ts'

/** One request on its way: `path` is what the function sees, with its query. `timeoutMs`: how long the function may stay silent. */
export type Call = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly id: CallId
  readonly timeoutMs: number
  readonly maxBodyBytes: number
  /** May be sent again although the function may have seen it: once at most. */
  repeatable: boolean
}

/** What became of an attempt. `unreached`: the request is whole and nothing was answered, so it can be tried again. */
export type Outcome = 'answered' | 'unreached'

/** Sends a request to one replica and streams the answer back; never rejects. */
export function forward(replica: Replica, call: Call): Promise<Outcome> {
  const { request, response, path, id, timeoutMs } = call
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const { method } = request
  const headers = headersToFunction(request, id)
  const upstream = send({
    host: '127.0.0.1',
    port: replica.record.port,
    method: method!,
    path,
    headers,
    agent: replica.agent,
    timeout: timeoutMs,
  })
  let answer: IncomingMessage | undefined
  let connected = false

  replica.take()
  const settle = (outcome: Outcome) => {
    response.off('close', onClose)
    replica.release()
    resolve(outcome)
  }
  const onClose = () => {
    // The caller left, or the function answered before it took the whole request.
    if (!response.writableFinished || !request.complete) upstream.destroy()
    settle('answered')
  }
  response.once('close', onClose)

  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0
  if (!hasBody) upstream.end()
  upstream.once('socket', (socket) => {
    const start = () => {
      connected = true
      if (hasBody) pump(request, upstream, (sizeBytes) => sizeBytes > call.maxBodyBytes && refuseTooLarge(call))
    }
    // The body is touched only once there is a connection: until then another replica can have it.
    if (socket.connecting) socket.once('connect', start)
    else start()
  })

  upstream.once('response', (from) => {
    answer = from
    if (response.headersSent) return void from.resume()
    response.writeHead(from.statusCode!, from.statusMessage, headersToCaller(from, id))
    // An answer of unknown length may be a stream of events whose first one is far away.
    if (from.headers['content-length'] === undefined) response.flushHeaders()
    from.once('error', () => response.destroy())
    pump(from, response)
  })
  upstream.once('timeout', () => {
    refuse(call, 504, `no answer within ${timeoutMs / 1000} s`)
    upstream.destroy()
  })
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (response.destroyed || response.headersSent) {
      stopBody(request)
      if (answer && !answer.complete) response.destroy()
      return
    }
    const again = !connected || (call.repeatable && !hasBody && upstream.reusedSocket)
    if (again) {
      if (connected) call.repeatable = false
      return settle('unreached')
    }
    refuse(call, 503, `the function broke off: ${error.code ?? error.message}`, { 'Retry-After': '0' })
  })
  return promise
}

/** Answers in the function's stead. `X-OpenFaaS-Internal` marks an error of the platform, which is safe to repeat. */
export function refuse({ request, response, id }: Call, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  stopBody(request)
  if (response.headersSent) return
  reply(response, status, message, { 'X-OpenFaaS-Internal': 'proxy', 'X-Call-Id': id.id, 'X-Start-Time': id.startedNs, ...headers })
}

/** Refuses a body beyond the limit; the connection ends, since the rest of the body may never end. */
export function refuseTooLarge(call: Call): void {
  refuse(call, 413, `the body is larger than ${call.maxBodyBytes} bytes`, { Connection: 'close' })
}

/** Reads the rest of a request and drops it. A body left unread would hold up the connection's next request until keep-alive ends. */
function stopBody(request: IncomingMessage): void {
  request.removeAllListeners('data')
  request.resume()
}

/** Copies a body as it comes, no faster than it is taken. `pipe` does the same with three times the listeners. */
function pump(from: IncomingMessage, to: Writable, count?: (sizeBytes: number) => void): void {
  let sizeBytes = 0
  from.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    count?.(sizeBytes)
    if (to.destroyed || to.write(chunk)) return
    from.pause()
    to.once('drain', () => from.resume())
  })
  from.once('end', () => to.end())
}
