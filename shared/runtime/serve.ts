import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import * as z from 'zod'
import { keepCompiled } from './compile-cache.ts'
import { loadConfig } from './config.ts'
import { addReadiness, type FunctionApp } from './function.ts'
import { createLog } from './log.ts'
import type { Resource } from './resource.ts'

/** Where a function listens. */
const serveConfig = { PORT: z.coerce.number().int().min(0).max(65_535).default(8080), HOST: z.string().default('127.0.0.1') }

/** Longer than any client keeps an idle connection, so that the client always closes first and no request meets a closed socket. */
const KEEP_ALIVE_MS = 120_000
/** The gateway takes heads of 32 KiB, and adds to them. */
const MAX_HEADER_BYTES = 64 * 1024
/** Calls still running this long after SIGTERM are given up. */
const DRAIN_MS = 15_000

/**
 * Listens at once (readiness tells when the servers behind are there) and serves until SIGTERM or SIGINT:
 * then stops listening, finishes the calls that run, closes the resources in reverse order and ends the process.
 */
export function serve(app: FunctionApp, resources: readonly Resource[]): Server {
  const { PORT, HOST } = loadConfig(serveConfig)
  const log = createLog(app.functionName)
  addReadiness(app, resources)

  const running = new Set<ServerResponse>()
  let draining = false
  const listener = getRequestListener(app.fetch)
  const limits = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: KEEP_ALIVE_MS, requestTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES }
  const server = createServer(limits, (req, res) => {
    running.add(res)
    if (draining) res.shouldKeepAlive = false
    res.once('close', () => running.delete(res))
    void listener(req, res)
  })
  server.listen(PORT, HOST, () => log.info({ address: server.address() }, 'listening'))
  keepCompiled()
  server.once('error', (err) => {
    log.error({ err }, 'cannot listen')
    process.exit(1)
  })

  const stop = async () => {
    if (draining) return
    draining = true
    setTimeout(() => process.exit(1), DRAIN_MS).unref()
    for (const res of running) res.shouldKeepAlive = false
    await new Promise((done) => server.close(done))
    for (const resource of resources.toReversed()) await resource.close()
    log.info('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return server
}
