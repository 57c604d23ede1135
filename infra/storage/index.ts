import * as z from 'zod'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { opensearchConfig } from '../../shared/adapters/opensearch/config.ts'
import { questdbConfig } from '../../shared/adapters/questdb/config.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { CONTROL_BUCKET, STREAMS } from '../../shared/contract/streams.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { CodedError } from '../../shared/runtime/errors.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { messageOf } from '../stack/problem.ts'
import { applyBucket, applyNats } from './apply.ts'
import { applyIndices } from './opensearch/apply.ts'
import { applyTables } from './questdb/apply.ts'
import { MIGRATIONS } from './questdb/bundled.ts'

/** `trade2026 storage` as a process of its own, for a cluster: brings streams, bucket, tables and indices, and ends with 0, or with 1 and one line that says why. */
const log = createLog('storage')
try {
  const config = loadConfig({
    ...natsConfig,
    ...questdbConfig,
    /** Without it there is no lake. */
    S3_URL: s3Config.S3_URL.optional(),
    S3_ACCESS_KEY: z.string().default(''),
    S3_SECRET_KEY: z.string().default(''),
    /** Without it documents cannot be searched. */
    OPENSEARCH_URL: opensearchConfig.OPENSEARCH_URL.optional(),
    STORAGE_WAIT_SECONDS: z.coerce.number().int().min(0).max(3600).default(60),
  })
  const waitMs = config.STORAGE_WAIT_SECONDS * 1000
  await Promise.all([applyNats(config.NATS_URL, waitMs), applyTables(config.QUESTDB_URL, waitMs, MIGRATIONS)])
  const keys = { accessKey: config.S3_ACCESS_KEY, secretKey: config.S3_SECRET_KEY }
  if (config.S3_URL) await applyBucket(config.S3_URL, keys)
  if (config.OPENSEARCH_URL) await applyIndices(config.OPENSEARCH_URL, waitMs)
  log.info(
    { streams: Object.keys(STREAMS), bucket: CONTROL_BUCKET, tables: Object.keys(MIGRATIONS) },
    'storage is as this version needs it',
  )
} catch (error) {
  log.error(error instanceof CodedError ? { code: error.code } : { err: error }, messageOf(error))
  process.exitCode = 1
}
