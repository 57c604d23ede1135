import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { asyncPayload } from '../../shared/adapters/nats/async-payload.ts'
import { natsBodies } from '../../shared/adapters/nats/bodies.ts'
import type { Nats } from '../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../shared/adapters/nats/publisher.ts'
import { type AsyncCall, asyncCallSubject } from '../../shared/contract/async.ts'
import { parseTraceparent } from '../../shared/contract/traceparent.ts'
import { CodedError, RetryableError } from '../../shared/runtime/errors.ts'
import { newTraceparent } from '../../shared/runtime/trace.ts'
import { callIdOf, endToEnd } from './headers.ts'
import { reply } from './reply.ts'

type Options = {
  readonly nats: Nats
  readonly maxBodyBytes: number
  /** How long a caller may be silent in the middle of its body. */
  readonly idleMs: number
}

/** Takes a call of a function that exists; `path` is what the function will see. */
export type Enqueue = (service: string, path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Bodies that are read at once: each holds up to two parts in memory. */
const MOST_AT_ONCE = 64
/** What the later call says by itself. */
const OF_THIS_REQUEST = new Set(['host', 'content-length'])

/**
 * Answers `POST /async-function/NAME`: 202 once the call lies in the stream ASYNC, acknowledged, from where the triggers make it
 * (docs/operations.md, asynchronous calls).
 */
export function createAsync({ nats, maxBodyBytes, idleMs }: Options): Enqueue {
  const publisher = natsPublisher(nats)
  const bodies = natsBodies(nats, publisher)
  let reading = 0

  const read = async (request: IncomingMessage, head: AsyncCall) => {
    request.setTimeout(idleMs, () => request.destroy())
    try {
      // Left early, it must not take the connection with it: the answer is still to come.
      return await asyncPayload(bodies, head, request.iterator({ destroyOnReturn: false }), maxBodyBytes)
    } finally {
      request.setTimeout(0)
    }
  }

  return async function enqueue(service, path, request, response) {
    const { id, startedNs } = callIdOf(request)
    const answer = (status: number, message = '', headers: OutgoingHttpHeaders = {}) => {
      request.resume()
      reply(response, status, message, { 'X-Call-Id': id, 'X-Start-Time': startedNs, ...headers })
    }
    const callbackUrl = request.headers['x-callback-url'] as string | undefined
    if (request.method !== 'POST') return answer(405, `method ${request.method} is not allowed: an asynchronous call is a POST`)
    if (callbackUrl !== undefined && !isCallback(callbackUrl)) return answer(400, 'X-Callback-Url is not an http or https address')
    if (Number(request.headers['content-length']) > maxBodyBytes)
      return answer(413, `the body is larger than ${maxBodyBytes} bytes`, { Connection: 'close' })
    if (reading >= MOST_AT_ONCE) return answer(429, 'too many asynchronous calls at once', { 'Retry-After': '1', Connection: 'close' })
    const head: AsyncCall = {
      kind: 'call',
      functionName: service,
      callId: id,
      method: 'POST',
      path,
      headers: headersOf(request),
      ...(callbackUrl !== undefined && { callbackUrl }),
    }
    reading++
    try {
      const { payload, parts } = await read(request, head)
      const traceparent = parseTraceparent(request.headers.traceparent as string | undefined) ?? newTraceparent()
      try {
        await publisher.publishAll([{ subject: asyncCallSubject(service), payload, headers: { traceparent } }])
      } catch (error) {
        if (parts) await bodies.drop(parts).catch(() => {})
        throw error
      }
      answer(202)
    } catch (error) {
      // A caller that left has no call, and hears no answer.
      if (request.destroyed && !request.complete) return void response.destroy()
      if (!(error instanceof CodedError)) throw error
      if (error instanceof RetryableError) answer(503, error.message, { 'Retry-After': '1', 'X-OpenFaaS-Internal': 'gateway' })
      else answer(413, error.message, { Connection: 'close' })
    } finally {
      reading--
    }
  }
}

const isCallback = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** The caller's headers as they are to reach the function, in their order and spelling, with where the call came from. */
function headersOf(request: IncomingMessage): string[] {
  const { headers, rawHeaders, socket } = request
  const passed = endToEnd(rawHeaders, headers.connection)
  const kept: string[] = []
  for (let i = 0; i < passed.length; i += 2) if (!OF_THIS_REQUEST.has(passed[i]!.toLowerCase())) kept.push(passed[i]!, passed[i + 1]!)
  if (headers.host !== undefined && headers['x-forwarded-host'] === undefined) kept.push('X-Forwarded-Host', headers.host)
  if (headers['x-forwarded-for'] === undefined) kept.push('X-Forwarded-For', socket.remoteAddress ?? '')
  return kept
}
