import { subscribe } from 'node:diagnostics_channel'
import type { OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import type { Answer } from './outcome.ts'

export type Send = {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: OutgoingHttpHeaders
  readonly body?: readonly Uint8Array[]
  readonly timeoutMs: number
}

const MOST_ANSWER_BYTES = 4 * 1024 * 1024
const CONNECT_MS = 10_000

/** What a connection had received when a request was last sent on it. */
const sentAt = new WeakMap<Socket, number>()
/** Failures of connections that had answered before, and then were closed without a byte in answer to the last request. */
const stale = new WeakSet<Error>()
const CLOSED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

subscribe('undici:client:sendHeaders', (sent) => {
  const { socket } = sent as { socket: Socket }
  sentAt.set(socket, socket.bytesRead)
})
const connect = buildConnector({ timeout: CONNECT_MS })

/** Connections are kept; how long is for the server to say. The deadline of a call is its own. */
const agent = new Agent({
  connect: (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null)
      socket.prependListener('error', (failure: NodeJS.ErrnoException) => {
        const before = sentAt.get(socket) ?? 0
        if (CLOSED.has(failure.code ?? '') && before > 0 && socket.bytesRead === before) stale.add(failure)
      })
      callback(null, socket)
    }),
  headersTimeout: 0,
  bodyTimeout: 0,
})

/**
 * One HTTP exchange; never rejects. Where no answer came, its status is 0 and its body says why.
 * A connection that was kept may have been closed from the other side just now: that is no failure, so it is tried again, at once. All that
 * were kept may be closed, as when the gateway died; then the last try is on a new one.
 */
export async function exchange(send: Send): Promise<Answer> {
  for (;;) {
    const answer = await new Exchange(send).answer
    if (answer !== 'stale') return answer
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer | 'stale'>
  readonly #resolve: (answer: Answer | 'stale') => void
  readonly #deadline: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #request: Dispatcher.DispatchController | undefined
  #late: Error | undefined
  #status = 0
  #headers: Answer['headers'] = {}
  #sizeBytes = 0

  constructor({ url, method, headers, body = [], timeoutMs }: Send) {
    const { promise, resolve } = Promise.withResolvers<Answer | 'stale'>()
    this.answer = promise
    this.#resolve = resolve
    // One deadline for the whole exchange: a socket's own timeout starts anew with every byte.
    this.#deadline = setTimeout(() => this.#giveUp(`no answer within ${timeoutMs} ms`), timeoutMs)
    const bytes = body.length > 1 ? Buffer.concat(body) : (body[0] ?? null)
    const sent = headers as Record<string, string>
    agent.dispatch({ origin: url.origin, path: url.pathname + url.search, method, headers: sent, body: bytes }, this)
  }

  onRequestStart(request: Dispatcher.DispatchController): void {
    this.#request = request
    // It waited for a connection until it was too late.
    if (this.#late) request.abort(this.#late)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes > MOST_ANSWER_BYTES) this.#giveUp(`an answer of more than ${MOST_ANSWER_BYTES} bytes`)
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const chunks = this.#chunks
    const body = chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks).toString()
    this.#end({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    this.#end(stale.has(error) ? 'stale' : none(error.code ?? error.message))
  }

  #giveUp(reason: string): void {
    this.#late = new Error(reason)
    this.#end(none(reason))
    this.#request?.abort(this.#late)
  }

  #end(answer: Answer | 'stale'): void {
    clearTimeout(this.#deadline)
    this.#resolve(answer)
  }
}

const none = (reason: string): Answer => ({ status: 0, headers: {}, body: reason })
