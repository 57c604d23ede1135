import { expect } from 'vitest'
import type { Questdb } from '../../shared/adapters/questdb/connect.ts'

/** Waits until every row written to QuestDB so far can be read. */
export async function untilApplied(questdb: Pick<Questdb, 'sql'>): Promise<void> {
  const behind = async () => {
    const [row] = await questdb.sql('SELECT count() FROM wal_tables() WHERE writerTxn < sequencerTxn OR suspended')
    return row?.[0]
  }
  await expect.poll(behind, { interval: 10, timeout: 20_000 }).toBe(0)
}
