import { setPriority } from 'node:os'
import * as z from 'zod'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../shared/adapters/nats/publisher.ts'
import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { connectS3 } from '../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { Table } from '../../shared/delta/table.ts'
import { lakeConfig } from '../../shared/lake/config.ts'
import { tickTable } from '../../shared/lake/tick-table.ts'
import { loadConfig, whole } from '../../shared/runtime/config.ts'
import { readSecret } from '../../shared/runtime/secret.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { flushBatch, NAME } from './handler.ts'

const config = loadConfig({
  ...natsConfig,
  ...s3Config,
  ...lakeConfig,
  LAKE_FLUSH_MS: whole(10_000),
  LAKE_FLUSH_ROWS: whole(1_000_000),
  LAKE_FLUSH_BYTES: whole(128 * 1024 * 1024),
  TICK_FUTURE_MS: z.coerce.number().int().nonnegative().default(5_000),
})
// The lake may lag, bars may not: where both want a core, the bars have it.
setPriority(5)

const nats = connectNats(config, NAME)
const s3 = connectS3(config, { accessKey: readSecret('s3-access-key'), secretKey: readSecret('s3-secret-key') })
const spec = tickTable(config.LAKE_TICKS_TABLE, config.LAKE_PARTITION_BY, config.LAKE_CODEC)
const app = flushBatch(
  { table: new Table(spec, s3ObjectStore(s3), parquet), deadLetters: natsPublisher(nats) },
  {
    stream: STREAMS.MARKET_TICKS,
    futureMs: config.TICK_FUTURE_MS,
    flushMs: config.LAKE_FLUSH_MS,
    flushRows: config.LAKE_FLUSH_ROWS,
    flushBytes: config.LAKE_FLUSH_BYTES,
    // A third of what a process has to end.
    patienceMs: 5_000,
  },
)

serve(app, [s3, nats, app.rows])
