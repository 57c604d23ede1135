import type { Questdb } from './connect.ts'

/**
 * Sets suspended tables going again. QuestDB suspends a table when applying its log fails (disk full, a process killed in the middle): it goes on
 * taking rows, so nothing is lost, but nobody would see them. Resuming tries the same transaction again and never skips one.
 */
export async function resumeSuspended(questdb: Pick<Questdb, 'sql'>): Promise<string[]> {
  const rows = await questdb.sql('SELECT name FROM wal_tables() WHERE suspended')
  const names = rows.map(([name]) => String(name))
  for (const name of names) await questdb.sql(`ALTER TABLE "${name.replaceAll('"', '')}" RESUME WAL`)
  return names
}
