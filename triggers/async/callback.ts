import type { Bodies } from '../../shared/adapters/nats/bodies.ts'
import { readAs } from '../../shared/contract/async.ts'
import { CodedError, RetryableError } from '../../shared/runtime/errors.ts'
import type { Post } from '../invoke.ts'
import type { Answer } from '../outcome.ts'
import { DONE, failed, refused, unavailable } from './answers.ts'
import { beginningOf, send } from './send.ts'

/** Statuses by which a receiver says that it may take the same result later. */
const LATER = new Set([408, 425, 429])
const MOST_MS = 60_000

/** Brings results to those that asked for them: one message, one POST with the function's headers and OpenFaaS's own. */
export function createCallbackCalls(bodies: Bodies): Post {
  const bring = async (payload: Uint8Array, timeoutMs: number): Promise<Answer> => {
    const message = readAs('callback', payload)
    if (typeof message === 'string') return refused(message)
    const { head, body } = message
    const { parts } = head
    const { protocol, hostname, port, pathname, search } = new URL(head.callbackUrl)
    const to = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, path: pathname + search }
    const headers = [
      ...head.headers,
      ...['X-Call-Id', head.callId, 'X-Function-Name', head.functionName],
      ...['X-Function-Status', String(head.status), 'X-Duration-Seconds', head.seconds.toFixed(6)],
    ]
    const source = parts ? bodies.read(parts) : [body]
    return send({ to, headers, body: source, sizeBytes: parts?.sizeBytes ?? body.length, timeoutMs }, async (received) => {
      // Attempts are counted whatever the reason: one receiver that is away must not hold up those of others.
      if ('reason' in received) return failed(`no answer: ${received.reason}`)
      const { response } = received
      const status = response.statusCode!
      if (status >= 200 && status < 300) {
        if (parts) await bodies.drop(parts)
        return DONE
      }
      const cause = `the callback answered ${status}: ${await beginningOf(response)}`
      return status >= 500 || LATER.has(status) ? failed(cause, response.headers) : refused(cause)
    })
  }
  return {
    async post(_name, _given, [payload], timeoutMs) {
      try {
        return await bring(payload!, Math.min(timeoutMs, MOST_MS))
      } catch (error) {
        if (error instanceof RetryableError) return unavailable(error.message)
        return error instanceof CodedError ? refused(error.message) : failed((error as Error).message)
      }
    },
  }
}
