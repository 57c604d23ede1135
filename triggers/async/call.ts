import { once } from 'node:events'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Bodies } from '../../shared/adapters/nats/bodies.ts'
import { type AsyncCall, readAs } from '../../shared/contract/async.ts'
import { CodedError, RetryableError } from '../../shared/runtime/errors.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { outcomeOf } from '../acked/outcome.ts'
import type { Post } from '../invoke.ts'
import { type Answer, describe, isOfFunction, parsed } from '../outcome.ts'
import { DONE, ownHeaders, refused, unavailable, unreached } from './answers.ts'
import type { Callbacks } from './callbacks.ts'
import { beginningOf, remembered, send } from './send.ts'

type Options = { readonly gatewayUrl: string; readonly bodies: Bodies; readonly callbacks: Callbacks; readonly log: Log }

/** Statuses after which the same call may well succeed: those that OpenFaaS's queue tries again. */
const TRIED_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504])

/** Makes asynchronous calls: one message, one call of the function it names. */
export function createCalls({ gatewayUrl, bodies, callbacks, log }: Options): Post {
  const { protocol, hostname, port } = new URL(gatewayUrl)

  const make = async (payload: Uint8Array, given: OutgoingHttpHeaders, timeoutMs: number): Promise<Answer> => {
    const message = readAs('call', payload)
    if (typeof message === 'string') return refused(message)
    const { head, body } = message
    const { parts, callId, functionName } = head
    const source = parts ? await begun(bodies.read(parts)) : [body]
    // The path as the caller wrote it: a URL would put it in order.
    const to = { protocol, hostname, port, path: `/function/${functionName}${head.path}` }
    const headers = [...withoutTrace(head.headers), 'traceparent', String(given.traceparent), 'X-Call-Id', callId]
    const startedMs = performance.now()
    return send({ to, headers, body: source, sizeBytes: parts?.sizeBytes ?? body.length, timeoutMs }, async (received) => {
      if ('reason' in received) return unreached(received.reason)
      const { response } = received
      const again = await anotherTime(response)
      if (again) return again
      const text = await settle(head, response, { sequence: String(given['X-Nats-Sequence']), startedMs })
      if (response.statusCode! >= 400) return refusal(response.statusCode!, text)
      if (parts) await bodies.drop(parts)
      return DONE
    })
  }

  /** Takes the function's word: to its caller, who asked for it, or to nobody. @returns its beginning, as text. */
  const settle = async (
    { functionName, callId, callbackUrl }: AsyncCall,
    response: IncomingMessage,
    { sequence, startedMs }: { readonly sequence: string; readonly startedMs: number },
  ): Promise<string> => {
    if (callbackUrl === undefined) {
      const text = await beginningOf(response)
      await end(response)
      return text
    }
    const seconds = (performance.now() - startedMs) / 1000
    const status = response.statusCode!
    const result = { kind: 'callback', functionName, callId, callbackUrl, status, seconds, headers: ownHeaders(response) } as const
    const { body, beginning } = remembered(response)
    await callbacks.put(sequence, result, body)
    return beginning()
  }

  return {
    async post(_name, given, [payload], timeoutMs) {
      try {
        return await make(payload!, given, timeoutMs)
      } catch (error) {
        if (!(error instanceof CodedError)) return unreached((error as Error).message)
        if (error instanceof RetryableError) return unavailable(error.message)
        if (error.code !== 'ERR_NOT_FOUND' || given['Dlq-Redriven'] !== undefined) return refused(error.message)
        // A body is dropped when its call has succeeded, then the message: in between, this process or another was killed.
        log.warn({ sequence: given['X-Nats-Sequence'], reason: error.message }, 'an asynchronous call had been made already')
        return DONE
      }
    },
  }
}

/** An answer that is the function's last word. Of a stream's message some statuses, such as 404, would be the moment's doing: here they are not. */
function refusal(status: number, text: string): Answer {
  const own: Answer = { status, headers: {}, body: text }
  if (outcomeOf(own, 1, 'message').kind === 'refused') return own
  return refused(`the function answered ${status}: ${describe(parsed(text), text)}`)
}

/** An answer that the function may give better the next time, or that is none of the function's: only those of the function name the call. */
async function anotherTime(response: IncomingMessage): Promise<Answer | undefined> {
  const { headers } = response
  const status = response.statusCode!
  if (status === 404 && !isOfFunction(response)) return unavailable(await beginningOf(response))
  const isPlatform = status >= 500 && headers['x-openfaas-internal'] !== undefined
  return isPlatform || TRIED_AGAIN.has(status) ? { status, headers, body: await beginningOf(response) } : undefined
}

/** A body of which the first part has been read: what is gone is found out before anybody is called. */
async function begun(body: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await body.next()
  return (async function* () {
    if (first.done) return
    yield first.value
    yield* body
  })()
}

/** Reads the rest: an answer that breaks off was none. */
async function end(response: IncomingMessage): Promise<void> {
  response.resume()
  if (!response.readableEnded) await once(response, 'end')
}

function withoutTrace(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() !== 'traceparent') kept.push(headers[i]!, headers[i + 1]!)
  return kept
}
