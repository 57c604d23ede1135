import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../../shared/runtime/log.ts'
import type { Enqueue } from './async.ts'
import type { Authorize } from './auth.ts'
import { answerBadHead, MAX_HEAD_BYTES } from './bad-head.ts'
import type { Upgrade } from './call.ts'
import type { GatewayMetrics } from './metrics.ts'
import { createProxy, type ProxyLimits } from './proxy.ts'
import { reply } from './reply.ts'
import { asyncServiceOf, serviceOf } from './route.ts'
import type { Managed } from './system/call.ts'
import { answerSystem } from './system.ts'
import { letGo } from './tunnel.ts'

/** Longer than any client keeps an idle connection, so that the client closes first and no request meets a closed socket. */
const KEEP_ALIVE_MS = 120_000

/**
 * No limit on a whole request: a body may be streamed for as long as its bytes keep coming (see the proxy's timeout). The headers have one, of
 * bytes and of time. Of other protocols only WebSocket is passed on; a request that would also like another one is an ordinary request.
 */
const limitsOf = (headTimeoutMs: number) => ({
  keepAliveTimeout: KEEP_ALIVE_MS,
  requestTimeout: 0,
  headersTimeout: headTimeoutMs,
  // How often connections are looked at for that: by default it would be up to twice as long.
  connectionsCheckingInterval: Math.ceil(headTimeoutMs / 10),
  maxHeaderSize: MAX_HEAD_BYTES,
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
})

export type Gateway = Managed & {
  readonly authorize: Authorize
  readonly limits: ProxyLimits
  /** How long the head of a request may take to come. */
  readonly headTimeoutMs: number
  /** Takes asynchronous calls, where there is a NATS server to keep them. */
  readonly enqueue: Enqueue | undefined
  readonly log: Log
}

/** The gateway's main port: functions by name or route, the management API, health. */
export function createGateway(gateway: Gateway): Server {
  const { deployments, metrics, limits, headTimeoutMs, enqueue, log } = gateway
  const invoke = createProxy(limits, metrics)

  const answer = (request: IncomingMessage, response: ServerResponse, upgrade: Upgrade | null): void | Promise<void> => {
    const url = request.url!
    if (url.startsWith('/function/')) {
      const { service, rest } = serviceOf(url)
      const deployed = deployments.get(service)
      return deployed
        ? invoke(deployed, rest, request, response, upgrade)
        : text(request, response, 404, `error finding function ${service}`)
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
    if (routed) return invoke(routed.deployed, routed.rest, request, response, upgrade)
    text(request, response, 404, `nothing at ${url}`)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse, upgrade: Upgrade | null) => {
    try {
      await answer(request, response, upgrade)
    } catch (error) {
      log.error({ err: error, url: request.url }, 'a request failed')
      if (response.headersSent) response.destroy()
      else text(request, response, 500, 'the gateway failed; its log says why')
    }
  }
  const server = createServer(limitsOf(headTimeoutMs), (request, response) => void serve(request, response, null))
  server.maxHeadersCount = 0
  server.on('clientError', answerBadHead)
  server.on('upgrade', (request: IncomingMessage, socket: Socket, ahead: Buffer) => {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    // An answer of the ordinary kind is the last on this connection.
    response.once('finish', () => letGo(socket))
    socket.on('error', () => socket.destroy())
    void serve(request, response, { socket, ahead })
  })
  return server
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
