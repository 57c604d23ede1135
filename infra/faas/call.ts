import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type CallId, SERVED_BY } from './headers.ts'
import { reply } from './reply.ts'
import type { RequestBody } from './request-body.ts'

/** What a caller that asks for another protocol brings: its connection, and what it has sent ahead of the answer. */
export type Upgrade = { readonly socket: Socket; readonly ahead: Buffer }

/** One request on its way: `path` is what the function sees, with its query. */
export type Call = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly upgrade: Upgrade | null
  readonly path: string
  readonly id: CallId
  readonly body: RequestBody
  /** May be sent a second time although the function may have seen it (RFC 9110, 9.2.2). */
  readonly isIdempotent: boolean
  /** Was sent over a connection that broke, and is sent again: once is enough. */
  isRepeated: boolean
  /** Speaks another protocol now. */
  isUpgraded: boolean
  /** What to do when the caller leaves. */
  onCallerGone: () => void
}

/** Answers in the function's stead. `X-OpenFaaS-Internal` marks an error of the platform. */
export function refuse({ body, response, id }: Call, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  body.drop()
  const own = { 'X-OpenFaaS-Internal': 'proxy', 'X-Call-Id': id.id, 'X-Start-Time': id.startedNs, 'X-Served-By': SERVED_BY }
  reply(response, status, message, { ...own, ...headers })
}

/** What a caller is told of a body beyond the limit. */
export const tooLarge = (limitBytes: number) => `the body is larger than ${limitBytes} bytes`
