import { setPriority } from 'node:os'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsLakeStream } from '../../shared/adapters/nats/lake-stream.ts'
import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { connectS3 } from '../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { DOC_ORDER, docTable } from '../../shared/alt/doc-table.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { Table } from '../../shared/delta/table.ts'
import { lakeConfig } from '../../shared/lake/config.ts'
import { LAKE_FUNCTION, TICK_ORDER, tickTable } from '../../shared/lake/tick-table.ts'
import { loadConfig, whole } from '../../shared/runtime/config.ts'
import { readSecret } from '../../shared/runtime/secret.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { lakeUpkeep, NAME } from './handler.ts'

const config = loadConfig({
  ...natsConfig,
  ...s3Config,
  ...lakeConfig,
  LAKE_FILE_BYTES: whole(128 * 1024 * 1024),
  LAKE_CHECKPOINT_EVERY: whole(20),
  LAKE_UPKEEP_MS: whole(120_000),
  LAKE_UPKEEP_ANSWER_MS: whole(30_000),
  LAKE_AUDIT_ROWS: whole(2_000_000),
  LAKE_AUDIT_MS: whole(20_000),
})
// Nobody waits for it.
setPriority(10)

const s3 = connectS3(config, { accessKey: readSecret('s3-access-key'), secretKey: readSecret('s3-secret-key') })
const spec = tickTable(config.LAKE_TICKS_TABLE, config.LAKE_PARTITION_BY, config.LAKE_CODEC)
const store = s3ObjectStore(s3)
const nats = connectNats(config, NAME)
const stream = STREAMS.MARKET_TICKS.name
const ticks = new Table(spec, store, parquet)
const documents = new Table(docTable(config.LAKE_DOCS_TABLE, config.LAKE_CODEC), store, parquet)
const tables = [
  { table: ticks, sortBy: TICK_ORDER },
  { table: documents, sortBy: DOC_ORDER },
]

const app = lakeUpkeep(tables, {
  targetBytes: config.LAKE_FILE_BYTES,
  checkpointEvery: config.LAKE_CHECKPOINT_EVERY,
  mostMs: config.LAKE_UPKEEP_MS,
  answerMs: config.LAKE_UPKEEP_ANSWER_MS,
  audit: {
    table: ticks,
    store,
    parquet,
    stream: natsLakeStream(nats, stream, LAKE_FUNCTION),
    functionName: LAKE_FUNCTION,
    streamName: stream,
    mostRows: config.LAKE_AUDIT_ROWS,
    mostMs: config.LAKE_AUDIT_MS,
  },
})

serve(app, [s3, nats])
