import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the stack writes down about each process, so that `status` can show it and a later command can stop what was left behind. */
export type ProcessRecord = {
  readonly name: string
  readonly pid: number
  readonly identity: string
  readonly port: number | undefined
  readonly startedAt: string
  readonly restarts: number
}

const folderOf = (data: string): string => join(data, 'run')

/** Writes a record whole or not at all. */
export function writeRecord(data: string, record: ProcessRecord): void {
  mkdirSync(folderOf(data), { recursive: true })
  const file = join(folderOf(data), `${record.name}.json`)
  writeFileSync(`${file}.new`, JSON.stringify(record))
  renameSync(`${file}.new`, file)
}

/** Forgets a process that has ended. */
export const removeRecord = (data: string, name: string): void => rmSync(join(folderOf(data), `${name}.json`), { force: true })

/** All records of a data folder, by name. */
export function readRecords(data: string): ProcessRecord[] {
  try {
    const files = readdirSync(folderOf(data)).filter((file) => file.endsWith('.json'))
    return files.sort().map((file) => JSON.parse(readFileSync(join(folderOf(data), file), 'utf8')) as ProcessRecord)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
