import { resolve } from 'node:path'
import * as z from 'zod'
import { loadConfig } from '../../shared/runtime/config.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { basicAuth } from './auth.ts'
import { Deployments } from './deployments.ts'
import { gatewayMetrics } from './metrics.ts'
import { createGateway } from './server.ts'

const LOG_CHECK_MS = 10_000
const DRAIN_MS = 5_000

/** FAAS_DATA: state and logs; FAAS_DIST: where bundles are. basic_auth and secret_mount_path are OpenFaaS's own names. */
const config = loadConfig({
  FAAS_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
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
})

const log = createLog('faas')
const authorize = config.basic_auth === 'true' ? basicAuth(config.secret_mount_path) : () => true
const deployments = new Deployments(
  { data: resolve(config.FAAS_DATA), dist: resolve(config.FAAS_DIST), timeoutMs: config.FAAS_TIMEOUT_MS },
  log,
)
const metrics = gatewayMetrics(deployments)
const limits = {
  waitMs: config.FAAS_WAIT_MS,
  maxWaiting: 1_000,
  timeoutMs: config.FAAS_TIMEOUT_MS,
  maxBodyBytes: config.FAAS_MAX_BODY_BYTES,
}
const server = createGateway({ deployments, metrics, authorize, limits, log })

server.once('error', (err) => {
  log.error({ err }, 'cannot listen')
  process.exit(1)
})
server.listen(config.FAAS_PORT, '127.0.0.1', () => {
  // Only now: a second host on the same port must not touch the replicas of the first.
  deployments.restore()
  log.info({ address: server.address() }, 'listening')
})
setInterval(() => deployments.boundLogs(), LOG_CHECK_MS).unref()

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  server.close()
  await deployments.close(DRAIN_MS)
  log.info('stopped')
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
