import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { literal } from '../../../shared/adapters/questdb/sql.ts'
import { shownAddress } from '../../../shared/runtime/address.ts'
import { TerminalError } from '../../../shared/runtime/errors.ts'
import { messageOf } from '../../stack/problem.ts'

/** A server that has just been started may take so long to answer. */
const WAIT_MS = 60_000
const RETRY_MS = 100

/** Which files of this folder a server has; not a WAL table, so a row is there at once. */
const RECORD =
  'CREATE TABLE IF NOT EXISTS schema_migrations (timestamp TIMESTAMP, file STRING) TIMESTAMP(timestamp) PARTITION BY YEAR BYPASS WAL'

/** Numbered .sql files: name and text. */
export type Migrations = Readonly<Record<string, string>>

/**
 * Waits until QuestDB answers, then runs the numbered .sql files (those of this folder) that it does not have yet, in order. Every statement may run
 * twice, so a process that dies between a file and its record does no harm.
 * @throws {TerminalError} ERR_CONFIG naming the server that does not answer within `waitMs`, or the file and statement that it refuses.
 */
export async function applyTables(questdbUrl: string, waitMs = WAIT_MS, given?: Migrations): Promise<void> {
  const questdb = connectQuestdb({ QUESTDB_URL: questdbUrl })
  await untilItAnswers(questdb, waitMs)
  await run(questdb, 'the record of migrations', RECORD)
  const done = new Set((await questdb.sql('SELECT file FROM schema_migrations')).map(([file]) => file))
  const migrations = given ?? (await migrationsHere())
  for (const file of Object.keys(migrations).sort()) {
    if (done.has(file)) continue
    for (const statement of statements(migrations[file]!)) await run(questdb, file, statement)
    await run(questdb, file, `INSERT INTO schema_migrations VALUES (now(), ${literal(file)})`)
  }
}

/** The numbered files of this folder. */
export async function migrationsHere(): Promise<Migrations> {
  const files = (await readdir(import.meta.dirname)).filter((file) => /^\d{4}-.*\.sql$/.test(file))
  const texts = files.map(async (file) => [file, await readFile(join(import.meta.dirname, file), 'utf8')] as const)
  return Object.fromEntries(await Promise.all(texts))
}

async function untilItAnswers(questdb: Questdb, waitMs: number): Promise<void> {
  const end = performance.now() + waitMs
  for (;;) {
    try {
      await questdb.sql('SELECT 1')
      return
    } catch (cause) {
      if (performance.now() > end)
        throw new TerminalError('ERR_CONFIG', `${shownAddress(questdb.url)} does not answer: ${messageOf(cause)}`, cause)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function run(questdb: Questdb, file: string, statement: string): Promise<void> {
  try {
    await questdb.sql(statement)
  } catch (cause) {
    const where = `${file} cannot be applied at ${shownAddress(questdb.url)}`
    throw new TerminalError('ERR_CONFIG', `${where}: ${messageOf(cause)}, in: ${statement.slice(0, 80).replaceAll('\n', ' ')}`, cause)
  }
}

/** A file's statements: comment lines left out, parted by a semicolon at the end of a line. */
const statements = (text: string): string[] =>
  text
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
