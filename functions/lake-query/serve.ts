import * as z from 'zod'
import { duckdbEngine } from '../../shared/adapters/duckdb/engine.ts'
import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { connectS3 } from '../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { lakeConfig } from '../../shared/lake/config.ts'
import { FileCache, temporaryFolder } from '../../shared/lake/file-cache.ts'
import { LakeTables } from '../../shared/lake/query/tables.ts'
import { loadConfig, whole } from '../../shared/runtime/config.ts'
import { readSecret } from '../../shared/runtime/secret.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { lakeQuery } from './handler.ts'

const config = loadConfig({
  ...s3Config,
  ...lakeConfig,
  LAKE_QUERY_MS: whole(20_000),
  LAKE_QUERY_ROWS: whole(100_000),
  LAKE_QUERY_BYTES: whole(32 * 1024 * 1024),
  LAKE_QUERY_MEMORY_MB: whole(512),
  LAKE_QUERY_THREADS: whole(2),
  LAKE_QUERY_AT_ONCE: whole(2),
  LAKE_QUERY_CACHE_MB: whole(1024),
  LAKE_QUERY_CACHE: z.string().min(1).default(temporaryFolder('lake-query')),
})

const s3 = connectS3(config, { accessKey: readSecret('s3-access-key'), secretKey: readSecret('s3-secret-key') })
const store = s3ObjectStore(s3)
const cache = new FileCache({ store, parent: config.LAKE_QUERY_CACHE, mostBytes: config.LAKE_QUERY_CACHE_MB * 1024 * 1024 })
const engine = duckdbEngine({
  program: process.argv[1]!,
  memoryMb: config.LAKE_QUERY_MEMORY_MB,
  threads: config.LAKE_QUERY_THREADS,
  idleMs: 60_000,
})
const held = {
  name: 'engine',
  ready: async () => true,
  async close() {
    engine.close()
    cache.close()
  },
}

serve(
  lakeQuery(
    { tables: new LakeTables({ store, parquet, places: { ticks: config.LAKE_TICKS_TABLE } }), cache, engine },
    {
      mostMs: config.LAKE_QUERY_MS,
      mostRows: config.LAKE_QUERY_ROWS,
      mostBytes: config.LAKE_QUERY_BYTES,
      atOnce: config.LAKE_QUERY_AT_ONCE,
    },
  ),
  [s3, held],
)
