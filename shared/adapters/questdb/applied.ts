import type { Questdb } from './connect.ts'
import { resumeSuspended } from './resume.ts'

/** Written rows become visible within this time, or the table has stopped applying them. */
const APPLY_MS = 5_000

/** Waits until what was written to tables is visible. @param like - their names, as an SQL pattern. @returns false if it was not in some seconds. */
export async function untilApplied(questdb: Pick<Questdb, 'sql'>, like: string): Promise<boolean> {
  const end = Date.now() + APPLY_MS
  await resumeSuspended(questdb)
  while (Date.now() < end) {
    const [row] = await questdb.sql(`SELECT count() FROM wal_tables() WHERE name LIKE '${like}' AND writerTxn < sequencerTxn`)
    if (row?.[0] === 0) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
