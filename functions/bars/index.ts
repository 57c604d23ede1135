import { questdbBarTable } from '../../shared/adapters/questdb/bar-table.ts'
import { questdbConfig } from '../../shared/adapters/questdb/config.ts'
import { connectQuestdb } from '../../shared/adapters/questdb/connect.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { serve } from '../../shared/runtime/serve.ts'
import { bars } from './handler.ts'

const questdb = connectQuestdb(loadConfig(questdbConfig))
serve(bars(questdbBarTable(questdb)), [questdb])
