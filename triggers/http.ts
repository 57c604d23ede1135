import * as http from 'node:http'
import * as https from 'node:https'
import type { Answer } from './outcome.ts'

export type Send = {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: http.OutgoingHttpHeaders
  readonly body?: readonly Uint8Array[]
  readonly timeoutMs: number
}

const MOST_ANSWER_BYTES = 4 * 1024 * 1024

/** Connections are kept, and closed before any server would close them. */
const kept = { keepAlive: true, keepAliveMsecs: 1000, timeout: 60_000, scheduling: 'lifo' } as const
const PLAIN = { request: http.request, agent: new http.Agent(kept) }
const OVER_TLS = { request: https.request, agent: new https.Agent(kept) }

/**
 * One HTTP exchange; never rejects. Where no answer came, its status is 0 and its body says why.
 * A connection that was kept may have been closed from the other side just now: that is no failure, so it is tried again, at once. All that
 * were kept may be closed, as when the gateway died; then the last try is on a new one.
 */
export async function exchange(send: Send): Promise<Answer> {
  for (;;) {
    const answer = await attempt(send)
    if (answer !== 'stale') return answer
  }
}

function attempt({ url, method, headers, body = [], timeoutMs }: Send): Promise<Answer | 'stale'> {
  const { promise, resolve } = Promise.withResolvers<Answer | 'stale'>()
  const none = (reason: string): Answer => ({ status: 0, headers: {}, body: reason })
  const size = body.reduce((sum, part) => sum + part.length, 0)
  const all: http.OutgoingHttpHeaders = method === 'POST' ? { ...headers, 'content-length': size } : headers
  const { request, agent } = url.protocol === 'https:' ? OVER_TLS : PLAIN
  const req = request(url, { method, headers: all, agent })
  // One deadline for the whole exchange: a socket's own timeout starts anew with every byte.
  const deadline = setTimeout(() => req.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const done = (answer: Answer | 'stale') => {
    clearTimeout(deadline)
    resolve(answer)
  }
  req.once('response', (response) => read(response).then(done, (error: Error) => done(none(error.message))))
  req.once('error', (error: NodeJS.ErrnoException) => {
    const isStale = req.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
    done(isStale ? 'stale' : none(error.code ?? error.message))
  })
  req.cork()
  for (const part of body) req.write(part)
  req.end()
  req.uncork()
  return promise
}

async function read(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > MOST_ANSWER_BYTES) throw new Error(`an answer of more than ${MOST_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }
}
