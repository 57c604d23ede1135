import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../../shared/runtime/log.ts'
import type { Enqueue } from './async.ts'
import type { Authorize } from './auth.ts'
import type { GatewayMetrics } from './metrics.ts'
import { createProxy, type ProxyLimits } from './proxy.ts'
import { reply } from './reply.ts'
import { asyncServiceOf, serviceOf } from './route.ts'
import type { Managed } from './system/call.ts'
import { answerSystem } from './system.ts'

/** Longer than any client keeps an idle connection, so that the client closes first and no request meets a closed socket. */
const KEEP_ALIVE_MS = 120_000
const MAX_HEADER_BYTES = 32 * 1024

export type Gateway = Managed & {
  readonly authorize: Authorize
  readonly limits: ProxyLimits
  /** Takes asynchronous calls, where there is a NATS server to keep them. */
  readonly enqueue: Enqueue | undefined
  readonly log: Log
}

/** The gateway's main port: functions by name or route, the management API, health. */
export function createGateway(gateway: Gateway): Server {
  const { deployments, metrics, limits, enqueue, log } = gateway
  const invoke = createProxy(limits, metrics)

  const answer = (request: IncomingMessage, response: ServerResponse): void | Promise<void> => {
    const url = request.url!
    if (url.startsWith('/function/')) {
      const { service, rest } = serviceOf(url)
      const deployed = deployments.get(service)
      return deployed ? invoke(deployed, rest, request, response) : text(request, response, 404, `error finding function ${service}`)
    }
    if (url.startsWith('/async-function/')) {
      const { service, rest } = asyncServiceOf(url)
      if (!enqueue) return text(request, response, 501, 'asynchronous calls need NATS_URL')
      return deployments.get(service)
        ? enqueue(service, rest, request, response)
        : text(request, response, 404, `error finding function ${service}`)
    }
    if (url.startsWith('/system/')) return answerSystem(gateway, request, response)
    if (url === '/healthz') return text(request, response, 200, 'OK')
    const routed = deployments.byRoute(url)
    if (routed) return invoke(routed.deployed, routed.rest, request, response)
    text(request, response, 404, `nothing at ${url}`)
  }

  // No limit on a whole request: a batch may be streamed for as long as its bytes keep coming (see the proxy's timeout).
  const timing = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES }
  return createServer(timing, async (request, response) => {
    try {
      await answer(request, response)
    } catch (error) {
      log.error({ err: error, url: request.url }, 'a request failed')
      if (response.headersSent) response.destroy()
      else text(request, response, 500, 'the gateway failed; its log says why')
    }
  })
}

/** The gateway's second port: its metrics, at `/metrics`, open to all. */
export function createMetricsServer(metrics: GatewayMetrics): Server {
  return createServer(async (request, response) => {
    if (request.url !== '/metrics') return text(request, response, 404, `nothing at ${request.url}`)
    request.resume()
    reply(response, 200, await metrics.text(), { 'Content-Type': metrics.contentType })
  })
}

function text(request: IncomingMessage, response: ServerResponse, status: number, body: string): void {
  request.resume()
  reply(response, status, body)
}
