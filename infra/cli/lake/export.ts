import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type CopyFormat, copyOut } from '../../../shared/adapters/duckdb/copy.ts'
import { FileCache, temporaryFolder } from '../../../shared/lake/file-cache.ts'
import { foundIn } from '../../../shared/lake/query/tables.ts'
import { TICK_ORDER } from '../../../shared/lake/tick-table.ts'
import { Problem } from '../../stack/problem.ts'
import { type OpenTable, withTable } from './open.ts'
import { sizeText } from './text.ts'

type Options = { readonly table?: string; readonly version?: number; readonly format: string; readonly out?: string }

const FORMATS: readonly string[] = ['parquet', 'csv'] satisfies CopyFormat[]
const TOLD_MS = 1000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Writes a symbol's ticks of a day to a file, in order of time. The file is there when it is whole: it is written beside its place and moved there, over
 * one that is there. It reads the store itself, with DuckDB, so the limits of `lake-query` do not apply.
 */
export function exportTicks(symbol: string, day: string, { table: key, version, format, out }: Options): Promise<number> {
  if (!FORMATS.includes(format)) throw new Problem(`--format is one of ${FORMATS.join(', ')}, not ${format}`)
  if (!isDay(day)) throw new Problem(`a day is written YYYY-MM-DD (UTC), not ${day}`)
  const path = resolve(out ?? `${symbol.replace(/[^A-Za-z0-9._-]/g, '_')}-${day}.${format}`)
  return withTable(key, version, (open) => write(open, symbol, day, format as CopyFormat, path))
}

async function write(
  { table, store, snapshot }: OpenTable,
  symbol: string,
  day: string,
  format: CopyFormat,
  path: string,
): Promise<number> {
  const isThere = await stat(dirname(path)).catch(() => undefined)
  if (!isThere?.isDirectory()) throw new Problem(`there is no folder ${dirname(path)}`)
  const among = (column: string, text: string) => ({ column, least: { text, type: 'VARCHAR' }, most: { text, type: 'VARCHAR' } })
  const where = { all: [among('dt', day), among('symbol', symbol)] }
  const found = foundIn('ticks', table.spec.key, snapshot, [{ table: 'ticks', where }])
  const nothing = new Problem(`there are no ticks of ${symbol} on ${day} in version ${snapshot.version} of s3://.../${table.spec.key}`)
  if (found.wanted.length === 0) throw nothing

  const cache = new FileCache({ store, parent: temporaryFolder('lake-export'), mostBytes: Number.POSITIVE_INFINITY })
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  const tidy = () => {
    cache.close()
    rmSync(draft, { force: true })
  }
  const onSignal = (signal: NodeJS.Signals) => {
    tidy()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  for (const signal of SIGNALS) process.once(signal, onSignal)
  try {
    const all = found.wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const timer = setInterval(() => console.error(`fetched ${sizeText(cache.fetchedBytes)} of ${sizeText(all)}`), TOLD_MS)
    const { paths } = await cache.take(found.wanted).finally(() => clearInterval(timer))
    const rows = await copyOut({
      table: { ...found.table, files: paths },
      where: { dt: day, symbol },
      orderBy: TICK_ORDER.filter((column) => column !== 'symbol'),
      format,
      path: draft,
      spill: cache.folder,
    })
    if (rows === 0) throw nothing
    await rename(draft, path)
    console.log(
      `${path}: ${rows.toLocaleString('en')} ticks of ${symbol} on ${day}, ${sizeText((await stat(path)).size)}, version ${snapshot.version}`,
    )
    return 0
  } finally {
    tidy()
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}
