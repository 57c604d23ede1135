import { connectQuestdb } from '../../../shared/adapters/questdb/connect.ts'
import { intervalNames } from '../../../shared/contract/bar.ts'
import type { RecomputedBar } from '../../../triggers/sources/recompute.ts'

const COLUMNS = [
  ...['timestamp', 'symbol', 'exchange', 'close_ms', 'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trades'],
  ...['buy_volume', 'sell_volume', 'vwap', 'first_ms', 'first_id', 'last_ms', 'last_id'],
]

/** All bars in QuestDB, each at its newest version, as a person queries them; by interval, then time. */
export async function storedBars(questdbUrl: string): Promise<RecomputedBar[]> {
  const questdb = connectQuestdb({ QUESTDB_URL: questdbUrl })
  const lists = intervalNames.map(async (interval) => {
    const rows = await questdb.sql(`SELECT ${COLUMNS.join(', ')} FROM ohlcv_${interval} ORDER BY timestamp, symbol, exchange`)
    return rows.map((row) => {
      const fields = Object.fromEntries(COLUMNS.map((name, i) => [name, row[i]]))
      return { ...fields, interval, timestamp: Date.parse(String(fields.timestamp)) } as unknown as RecomputedBar
    })
  })
  return (await Promise.all(lists)).flat()
}
