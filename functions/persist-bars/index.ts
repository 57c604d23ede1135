import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../shared/adapters/nats/publisher.ts'
import { questdbBarTable } from '../../shared/adapters/questdb/bar-table.ts'
import { questdbConfig } from '../../shared/adapters/questdb/config.ts'
import { connectQuestdb } from '../../shared/adapters/questdb/connect.ts'
import { questdbPositionTable } from '../../shared/adapters/questdb/position-table.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { NAME, persistBars } from './handler.ts'

const config = loadConfig({ ...natsConfig, ...questdbConfig })
const nats = connectNats(config, NAME)
const questdb = connectQuestdb(config)
serve(persistBars(questdbBarTable(questdb), questdbPositionTable(questdb, NAME), natsPublisher(nats)), [nats, questdb])
