import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../shared/adapters/nats/publisher.ts'
import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { connectS3 } from '../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { valkeyConfig } from '../../shared/adapters/valkey/config.ts'
import { connectDocuments } from '../../shared/adapters/valkey/connect.ts'
import { valkeyFirstTable } from '../../shared/adapters/valkey/first-table.ts'
import { docTable } from '../../shared/alt/doc-table.ts'
import { Table } from '../../shared/delta/table.ts'
import { lakeConfig } from '../../shared/lake/config.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { readSecret } from '../../shared/runtime/secret.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { indexAltDoc } from './handler.ts'
import { lakeSink } from './lake-sink.ts'

const NAME = 'flush-alt-docs'

const config = loadConfig({ ...natsConfig, ...valkeyConfig, ...s3Config, ...lakeConfig })
const nats = connectNats(config, NAME)
const valkey = connectDocuments(config)
const s3 = connectS3(config, { accessKey: readSecret('s3-access-key'), secretKey: readSecret('s3-secret-key') })
const store = s3ObjectStore(s3)
const table = new Table(docTable(config.LAKE_DOCS_TABLE, config.LAKE_CODEC), store, parquet)

serve(
  indexAltDoc(NAME, {
    sink: lakeSink(NAME, table, store, parquet),
    firsts: valkeyFirstTable(valkey.documents, 'lake'),
    deadLetters: natsPublisher(nats),
  }),
  [nats, valkey, s3],
)
