import { resolve } from 'node:path'
import * as z from 'zod'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { keepCompiled } from '../../shared/runtime/compile-cache.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createAsync } from './async.ts'
import { basicAuth } from './auth.ts'
import { Deployments } from './deployments.ts'
import { LogStamps } from './logs/stamps.ts'
import { gatewayMetrics } from './metrics.ts'
import { goRound } from './rounds.ts'
import { Secrets } from './secrets.ts'
import { createGateway, createMetricsServer } from './server.ts'
import { UsageMeter } from './usage.ts'

const LOG_BOUND_MS = 10_000
const LOG_STAMP_MS = 200
const MEMORY_CHECK_MS = 200
const SCALE_MS = 500
const DRAIN_MS = 5_000

const whole = (least: number, usual: number) => z.coerce.number().int().min(least).default(usual)

/** FAAS_DATA: state and logs; FAAS_DIST: where bundles are; NATS_URL: where asynchronous calls wait. basic_auth and secret_mount_path are OpenFaaS's own names. */
const config = loadConfig({
  FAAS_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  FAAS_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(8082),
  FAAS_DATA: z.string().default('data/faas'),
  FAAS_DIST: z.string().default('dist'),
  FAAS_WAIT_MS: whole(0, 5_000),
  FAAS_COLD_WAIT_MS: whole(0, 60_000),
  FAAS_MAX_WAITING: whole(0, 10_000),
  FAAS_TIMEOUT_MS: whole(1, 60_000),
  FAAS_HEAD_TIMEOUT_MS: whole(1, 30_000),
  FAAS_SCALE_DOWN_MS: whole(0, 30_000),
  FAAS_MAX_BODY_BYTES: whole(1, 64 * 1024 * 1024),
  basic_auth: z.enum(['true', 'false']).default('true'),
  secret_mount_path: z.string().default('/run/secrets/'),
  NATS_URL: natsConfig.NATS_URL.optional(),
})

const log = createLog('faas')
const authorize = config.basic_auth === 'true' ? basicAuth(config.secret_mount_path) : () => true
const data = resolve(config.FAAS_DATA)
const secrets = new Secrets(data)
const settings = {
  data,
  dist: resolve(config.FAAS_DIST),
  timeoutMs: config.FAAS_TIMEOUT_MS,
  scaleDownMs: config.FAAS_SCALE_DOWN_MS,
}
const deployments = new Deployments(settings, secrets, log)
const metrics = gatewayMetrics(deployments)
const limits = {
  waitMs: config.FAAS_WAIT_MS,
  coldWaitMs: config.FAAS_COLD_WAIT_MS,
  maxWaiting: config.FAAS_MAX_WAITING,
  maxBodyBytes: config.FAAS_MAX_BODY_BYTES,
}
const nats = config.NATS_URL === undefined ? undefined : connectNats({ NATS_URL: config.NATS_URL }, 'gateway')
const enqueue = nats && createAsync({ nats, maxBodyBytes: limits.maxBodyBytes, idleMs: config.FAAS_TIMEOUT_MS })
const headTimeoutMs = config.FAAS_HEAD_TIMEOUT_MS
const server = createGateway({ deployments, secrets, metrics, usage: new UsageMeter(), authorize, limits, headTimeoutMs, enqueue, log })
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
keepCompiled()
const stamps = new LogStamps(deployments.logFolder)
goRound(LOG_STAMP_MS, () => stamps.look())
goRound(LOG_BOUND_MS, () => stamps.bound())
goRound(MEMORY_CHECK_MS, () => deployments.guardMemory())
setInterval(() => deployments.rescale(), SCALE_MS).unref()

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
