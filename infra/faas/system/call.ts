import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { refuseOtherNamespace } from '../deployment.ts'
import type { Deployments } from '../deployments.ts'
import type { GatewayMetrics } from '../metrics.ts'
import type { Secrets } from '../secrets.ts'
import type { UsageMeter } from '../usage.ts'

/** What the management API works on. */
export type Managed = {
  readonly deployments: Deployments
  readonly secrets: Secrets
  readonly metrics: GatewayMetrics
  readonly usage: UsageMeter
}

/** One authorized call of it; `name` is the path's part after the resource, e.g. of `/system/function/NAME`. */
export type SystemCall = Managed & {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly name: string
}

/** What a call is answered with: JSON, one line of text, or nothing but a status. */
export type Answer = { readonly status: number; readonly json?: unknown; readonly text?: string }

/** Answers a call; undefined when it has written its answer itself. @throws {Refusal} */
export type Handler = (call: SystemCall) => Answer | Promise<Answer | undefined>

/** The namespace of a request's body, which must be ours where it is given. */
export const Namespace = z.string().nullish().transform(refuseOtherNamespace)
