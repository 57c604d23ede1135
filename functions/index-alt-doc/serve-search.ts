import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../shared/adapters/nats/publisher.ts'
import { opensearchConfig } from '../../shared/adapters/opensearch/config.ts'
import { connectOpensearch } from '../../shared/adapters/opensearch/connect.ts'
import { opensearchDocIndex } from '../../shared/adapters/opensearch/doc-index.ts'
import { opensearchPositionTable } from '../../shared/adapters/opensearch/position-table.ts'
import { valkeyConfig } from '../../shared/adapters/valkey/config.ts'
import { connectDocuments } from '../../shared/adapters/valkey/connect.ts'
import { valkeyFirstTable } from '../../shared/adapters/valkey/first-table.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { indexAltDoc } from './handler.ts'
import { searchSink } from './search-sink.ts'

const NAME = 'index-alt-doc'

const config = loadConfig({ ...natsConfig, ...valkeyConfig, ...opensearchConfig })
const nats = connectNats(config, NAME)
const valkey = connectDocuments(config)
const opensearch = connectOpensearch(config)

serve(
  indexAltDoc(NAME, {
    sink: searchSink(opensearchDocIndex(opensearch), opensearchPositionTable(opensearch, NAME)),
    firsts: valkeyFirstTable(valkey.documents, 'search'),
    deadLetters: natsPublisher(nats),
  }),
  [nats, valkey, opensearch],
)
