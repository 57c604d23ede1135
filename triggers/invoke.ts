import { randomUUID } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import { Positions } from '../shared/contract/batch.ts'
import { RetryableError } from '../shared/runtime/errors.ts'
import { newTraceparent } from '../shared/runtime/trace.ts'
import { exchange } from './http.ts'
import type { Answer } from './outcome.ts'
import type { Call } from './positioned/step.ts'

/** Calls functions through the gateway. */
export type Invoke = {
  /** Delivers a batch. @param lane - calls of one lane meet the same replica, as long as it lives. @param traceparent - W3C trace context. */
  batch(functionName: string, lane: number, call: Call, traceparent: string): Promise<Answer>
  /** Where a function stands. @throws {RetryableError} ERR_UNAVAILABLE when it does not say. */
  positions(functionName: string, stream: string): Promise<Positions>
}

/** Calls functions through the gateway, whatever they are sent. */
export type Post = {
  post(functionName: string, headers: OutgoingHttpHeaders, body: readonly Uint8Array[], timeoutMs: number): Promise<Answer>
}

const DEADLINE_MS = 60_000
const POSITIONS_DEADLINE_MS = 5000

export function createInvoke(gatewayUrl: string): Invoke & Post {
  const urlOf = (functionName: string, rest = '') => new URL(`/function/${functionName}${rest}`, gatewayUrl)
  const headersOf = (traceparent: string) => ({ traceparent, 'X-Call-Id': randomUUID() })
  return {
    batch(functionName, lane, { head, lines }, traceparent) {
      return exchange({
        url: urlOf(functionName),
        method: 'POST',
        headers: { ...headersOf(traceparent), 'content-type': 'application/x-ndjson', 'X-Affinity': `${functionName}/${lane}` },
        body: [Buffer.from(`${JSON.stringify(head)}\n`), lines],
        timeoutMs: DEADLINE_MS,
      })
    },
    post(functionName, headers, body, timeoutMs) {
      return exchange({
        url: urlOf(functionName),
        method: 'POST',
        headers: { 'X-Call-Id': randomUUID(), ...headers },
        body,
        timeoutMs,
      })
    },
    async positions(functionName, stream) {
      const url = urlOf(functionName, `/positions?stream=${stream}`)
      const { status, body } = await exchange({
        url,
        method: 'GET',
        headers: headersOf(newTraceparent()),
        timeoutMs: POSITIONS_DEADLINE_MS,
      })
      if (status !== 200)
        throw new RetryableError('ERR_UNAVAILABLE', `${functionName} does not tell its positions: ${status} ${body.slice(0, 300)}`)
      return Positions.parse((JSON.parse(body) as { positions: unknown }).positions)
    },
  }
}
