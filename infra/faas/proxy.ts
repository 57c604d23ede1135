import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Deployed } from './deployments.ts'
import { type Call, forward, refuse, tooLarge } from './forward.ts'
import { callIdOf } from './headers.ts'
import type { GatewayMetrics } from './metrics.ts'

/** `waitMs`: how long a request waits for a replica, `maxWaiting`: how many do so at once. */
export type ProxyLimits = { readonly waitMs: number; readonly maxWaiting: number; readonly maxBodyBytes: number }

export type Invoke = (deployed: Deployed, path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>

const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS', 'HEAD'])
/** Methods a proxy may send a second time when the connection broke (RFC 9110, 9.2.2) and that carry no body. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS'])
/** The caller left before there was an answer; the code is nginx's. */
const CALLER_GONE = 499

/** Brings requests to replicas, and counts them. */
export function createProxy({ waitMs, maxWaiting, maxBodyBytes }: ProxyLimits, metrics: GatewayMetrics): Invoke {
  let waiting = 0

  return async function invoke(deployed, path, request, response) {
    const started = performance.now()
    const { service } = deployed.deployment
    const { set } = deployed
    const affinity = request.headers['x-affinity'] as string | undefined
    const call: Call = {
      request,
      response,
      path,
      id: callIdOf(request),
      maxBodyBytes,
      repeatable: REPEATABLE.has(request.method!),
      onCallerGone: () => {},
    }
    metrics.started(service)
    response.once('close', () => {
      if (!response.writableFinished) call.onCallerGone()
      metrics.done(service, response.headersSent ? response.statusCode : CALLER_GONE, (performance.now() - started) / 1000)
    })
    if (!METHODS.has(request.method!)) return refuse(call, 405, `method ${request.method} is not allowed`)
    if (Number(request.headers['content-length']) > maxBodyBytes) return refuse(call, 413, tooLarge(maxBodyBytes), { Connection: 'close' })

    // A replica that died is back in a moment: the caller sees a slow answer, not an error.
    const deadline = started + waitMs
    while (!response.destroyed && !set.isStopped) {
      const replica = set.pick(affinity)
      if (replica && (await forward(replica, call)) === 'answered') return
      const leftMs = deadline - performance.now()
      if (leftMs <= 0 || waiting >= maxWaiting) break
      waiting++
      await set.whenReady(leftMs)
      waiting--
    }
    refuse(call, 503, `function ${service} has no replica that answers`)
  }
}
