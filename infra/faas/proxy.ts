import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Call, refuse, tooLarge, type Upgrade } from './call.ts'
import type { Deployed } from './deployments.ts'
import { forward, WATCHDOG } from './forward.ts'
import { callIdOf } from './headers.ts'
import type { GatewayMetrics } from './metrics.ts'
import { RequestBody } from './request-body.ts'

/**
 * `waitMs`: how long a request waits for a replica in place of one that died, `coldWaitMs`: for the first one of a function that had none,
 * `maxWaiting`: how many do so at once.
 */
export type ProxyLimits = {
  readonly waitMs: number
  readonly coldWaitMs: number
  readonly maxWaiting: number
  readonly maxBodyBytes: number
}

export type Invoke = (
  deployed: Deployed,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | null,
) => Promise<void>

const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS', 'HEAD'])
/** Methods a proxy may send a second time when the connection broke (RFC 9110, 9.2.2), if they carry no body. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS'])
/** The caller left before there was an answer; the code is nginx's. */
const CALLER_GONE = 499

/** Brings requests to replicas, and counts them. */
export function createProxy({ waitMs, coldWaitMs, maxWaiting, maxBodyBytes }: ProxyLimits, metrics: GatewayMetrics): Invoke {
  let waiting = 0

  return async function invoke(deployed, path, request, response, upgrade) {
    const startedMs = performance.now()
    const { set, scaler, deployment } = deployed
    const { service } = deployment
    const affinity = request.headers['x-affinity'] as string | undefined
    const call: Call = {
      request,
      response,
      upgrade,
      path,
      id: callIdOf(request),
      body: new RequestBody(request, maxBodyBytes),
      isIdempotent: IDEMPOTENT.has(request.method!),
      isRepeated: false,
      isUpgraded: false,
      onCallerGone: () => {},
    }
    scaler.enter(startedMs)
    metrics.started(service)
    ;(upgrade?.socket ?? response).once('close', () => {
      if (!response.writableFinished) call.onCallerGone()
      const endedMs = performance.now()
      scaler.leave(endedMs)
      metrics.done(service, codeOf(call), (endedMs - startedMs) / 1000)
    })
    if (!METHODS.has(request.method!)) return refuse(call, 405, `method ${request.method} is not allowed`)
    // Node reads no body of such a request: it would be waited for in vain, or be taken for the other protocol's first bytes.
    if (upgrade && call.body.exists) return refuse(call, 400, 'a request for another protocol has no body')
    if (Number(request.headers['content-length']) > maxBodyBytes) return refuse(call, 413, tooLarge(maxBodyBytes), { Connection: 'close' })

    // A replica that died is back in a moment, one that sleeps wakes up: the caller sees a slow answer, not an error.
    let waited = false
    let patienceMs = waitMs
    while (!response.destroyed && !set.isStopped) {
      if (set.size === 0) set.resize(scaler.wake(performance.now()))
      const replica = set.pick(affinity)
      if (replica && (await forward(replica, call)) === 'answered') return
      if (set.isFull && !waited) break
      // One that waited for the first replica is not refused because others were before it.
      if (set.isCold) patienceMs = coldWaitMs
      else if (!set.isFull) patienceMs = waitMs
      const leftMs = startedMs + patienceMs - performance.now()
      if (leftMs <= 0 || waiting >= maxWaiting) break
      waited = true
      waiting++
      await set.whenReady(leftMs)
      waiting--
    }
    if (set.isFull) return refuse(call, 429, `function ${service} has as many calls as max_inflight allows`, FULL)
    refuse(call, 503, `function ${service} has no replica that answers`, { 'Retry-After': '1' })
  }
}

const FULL = { ...WATCHDOG, 'Retry-After': '1' }

function codeOf({ response, isUpgraded }: Call): number {
  if (isUpgraded) return 101
  return response.headersSent ? response.statusCode : CALLER_GONE
}
