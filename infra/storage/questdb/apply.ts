import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { literal } from '../../../shared/adapters/questdb/sql.ts'
import { TerminalError } from '../../../shared/runtime/errors.ts'

const WAIT_MS = 60_000
const RETRY_MS = 100

/** Which files of this folder a server has; not a WAL table, so a row is there at once. */
const RECORD =
  'CREATE TABLE IF NOT EXISTS schema_migrations (timestamp TIMESTAMP, file STRING) TIMESTAMP(timestamp) PARTITION BY YEAR BYPASS WAL'

/**
 * Waits until QuestDB answers, then runs the numbered .sql files of this folder that it does not have yet, in order. Every statement may run
 * twice, so a process that dies between a file and its record does no harm.
 * @throws {TerminalError} ERR_CONFIG naming the server that does not answer within 60 s, or the file and statement that it refuses.
 */
export async function applyTables(questdbUrl: string): Promise<void> {
  const questdb = connectQuestdb({ QUESTDB_URL: questdbUrl })
  await untilItAnswers(questdb)
  await run(questdb, 'the record of migrations', RECORD)
  const done = new Set((await questdb.sql('SELECT file FROM schema_migrations')).map(([file]) => file))
  const files = (await readdir(import.meta.dirname)).filter((file) => /^\d{4}-.*\.sql$/.test(file)).sort()
  for (const file of files.filter((name) => !done.has(name))) {
    for (const statement of statements(await readFile(join(import.meta.dirname, file), 'utf8'))) await run(questdb, file, statement)
    await run(questdb, file, `INSERT INTO schema_migrations VALUES (now(), ${literal(file)})`)
  }
}

async function untilItAnswers(questdb: Questdb): Promise<void> {
  const end = Date.now() + WAIT_MS
  for (;;) {
    try {
      await questdb.sql('SELECT 1')
      return
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      if (Date.now() > end) throw new TerminalError('ERR_CONFIG', `no answer from QuestDB at ${questdb.url.host} for 60 s: ${why}`, cause)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function run(questdb: Questdb, file: string, statement: string): Promise<void> {
  try {
    await questdb.sql(statement)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TerminalError('ERR_CONFIG', `${file} cannot be applied at ${questdb.url.host}: ${why}, in: ${statement.slice(0, 80)}`, cause)
  }
}

/** A file's statements: comment lines left out, parted by a semicolon at the end of a line. */
const statements = (text: string): string[] =>
  text
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
