import { setPriority } from 'node:os'
import * as z from 'zod'
import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { connectS3 } from '../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { Table } from '../../shared/delta/table.ts'
import { lakeConfig } from '../../shared/lake/config.ts'
import { TICK_ORDER, tickTable } from '../../shared/lake/tick-table.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { readSecret } from '../../shared/runtime/secret.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { lakeUpkeep } from './handler.ts'

const whole = (fallback: number) => z.coerce.number().int().positive().default(fallback)

const config = loadConfig({
  ...s3Config,
  ...lakeConfig,
  LAKE_FILE_BYTES: whole(128 * 1024 * 1024),
  LAKE_CHECKPOINT_EVERY: whole(20),
  LAKE_UPKEEP_MS: whole(120_000),
  LAKE_UPKEEP_ANSWER_MS: whole(30_000),
})
// Nobody waits for it.
setPriority(10)

const s3 = connectS3(config, { accessKey: readSecret('s3-access-key'), secretKey: readSecret('s3-secret-key') })
const spec = tickTable(config.LAKE_TICKS_TABLE, config.LAKE_PARTITION_BY, config.LAKE_CODEC)
const ticks = { table: new Table(spec, s3ObjectStore(s3), parquet), sortBy: TICK_ORDER }

serve(
  lakeUpkeep([ticks], {
    targetBytes: config.LAKE_FILE_BYTES,
    checkpointEvery: config.LAKE_CHECKPOINT_EVERY,
    mostMs: config.LAKE_UPKEEP_MS,
    answerMs: config.LAKE_UPKEEP_ANSWER_MS,
  }),
  [s3],
)
