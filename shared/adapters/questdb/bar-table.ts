import type { BarTable } from '../../ports/bar-table.ts'
import type { Questdb } from './connect.ts'
import { knowsSymbol, readBars } from './read.ts'
import { sendBars, senderConfig } from './write.ts'

/** Bars in QuestDB's tables `ohlcv_{interval}_versions` (infra/storage/questdb). */
export function questdbBarTable(questdb: Questdb): BarTable {
  const config = senderConfig(questdb.url)
  return {
    write: async (bars) => {
      if (bars.length > 0) await sendBars(config, bars)
    },
    read: (query) => readBars(questdb, query),
    knows: (symbol, interval) => knowsSymbol(questdb, symbol, interval),
  }
}
