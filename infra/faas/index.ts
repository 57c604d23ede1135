import { resolve } from 'node:path'
import * as z from 'zod'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createAsync } from './async.ts'
import { basicAuth } from './auth.ts'
import { Deployments } from './deployments.ts'
import { LogStamps } from './logs/stamps.ts'
import { gatewayMetrics } from './metrics.ts'
import { Secrets } from './secrets.ts'
import { createGateway, createMetricsServer } from './server.ts'
import { UsageMeter } from './usage.ts'

const LOG_BOUND_MS = 10_000
const LOG_STAMP_MS = 200
const DRAIN_MS = 5_000

/** FAAS_DATA: state and logs; FAAS_DIST: where bundles are; NATS_URL: where asynchronous calls wait. basic_auth and secret_mount_path are OpenFaaS's own names. */
const config = loadConfig({
  FAAS_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  FAAS_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(8082),
  FAAS_DATA: z.string().default('data/faas'),
  FAAS_DIST: z.string().default('dist'),
  FAAS_WAIT_MS: z.coerce.number().int().min(0).default(5_000),
  FAAS_TIMEOUT_MS: z.coerce.number().int().min(1).default(60_000),
  FAAS_MAX_BODY_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  basic_auth: z.enum(['true', 'false']).default('true'),
  secret_mount_path: z.string().default('/run/secrets/'),
  NATS_URL: natsConfig.NATS_URL.optional(),
})

const log = createLog('faas')
const authorize = config.basic_auth === 'true' ? basicAuth(config.secret_mount_path) : () => true
const data = resolve(config.FAAS_DATA)
const secrets = new Secrets(data)
const deployments = new Deployments({ data, dist: resolve(config.FAAS_DIST), timeoutMs: config.FAAS_TIMEOUT_MS }, secrets, log)
const metrics = gatewayMetrics(deployments)
const limits = {
  waitMs: config.FAAS_WAIT_MS,
  maxWaiting: 1_000,
  timeoutMs: config.FAAS_TIMEOUT_MS,
  maxBodyBytes: config.FAAS_MAX_BODY_BYTES,
}
const nats = config.NATS_URL === undefined ? undefined : connectNats({ NATS_URL: config.NATS_URL }, 'gateway')
const enqueue = nats && createAsync({ nats, maxBodyBytes: limits.maxBodyBytes, idleMs: config.FAAS_TIMEOUT_MS })
const server = createGateway({ deployments, secrets, metrics, usage: new UsageMeter(), authorize, limits, enqueue, log })
const metricsServer = createMetricsServer(metrics)

for (const one of [server, metricsServer]) {
  one.once('error', (err) => {
    log.error({ err }, 'cannot listen')
    process.exit(1)
  })
}
metricsServer.listen(config.FAAS_METRICS_PORT, '127.0.0.1', () => {
  server.listen(config.FAAS_PORT, '127.0.0.1', () => {
    // Only now: a second host on the same ports must not touch the replicas of the first.
    deployments.restore()
    log.info({ address: server.address(), metrics: metricsServer.address() }, 'listening')
  })
})
const stamps = new LogStamps(deployments.logFolder)
setInterval(() => stamps.look(), LOG_STAMP_MS).unref()
setInterval(() => stamps.bound(), LOG_BOUND_MS).unref()

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  server.close()
  await deployments.close(DRAIN_MS)
  await nats?.close()
  log.info('stopped')
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
