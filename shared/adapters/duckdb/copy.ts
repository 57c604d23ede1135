import type { SqlTable } from '../../ports/sql-engine.ts'
import { literal, quoted, viewOf } from './view.ts'

const OPTIONS = { parquet: 'FORMAT parquet, COMPRESSION zstd', csv: 'FORMAT csv, HEADER' } as const
export type CopyFormat = keyof typeof OPTIONS

type Copy = {
  readonly table: SqlTable
  /** Rows that have these values. */
  readonly where: Readonly<Record<string, string>>
  readonly orderBy: readonly string[]
  readonly format: CopyFormat
  readonly path: string
  /** What does not fit into memory while it is sorted. */
  readonly spill: string
}

/** Writes rows of a table to a file of this machine, in order; in CSV times are ISO 8601 in UTC. @returns how many. */
export async function copyOut({ table, where, orderBy, format, path, spill }: Copy): Promise<number> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '1GB',
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    await connection.run(viewOf(table))
    const times = table.columns.flatMap(({ name, type }) => (type === 'TIMESTAMPTZ' ? [`${isoOf(name)} AS ${quoted(name)}`] : []))
    const selected = format === 'csv' && times.length > 0 ? `* REPLACE (${times.join(', ')})` : '*'
    const filter = Object.entries(where).map(([name, value]) => `${quoted(name)} = ${literal(value)}`)
    const source = `FROM ${quoted(table.name)} WHERE ${filter.join(' AND ')} ORDER BY ${orderBy.map((name) => `${quoted(table.name)}.${quoted(name)}`).join(', ')}`
    const result = await connection.run(`COPY (SELECT ${selected} ${source}) TO ${literal(path)} (${OPTIONS[format]})`)
    return result.rowsChanged
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const isoOf = (name: string): string => `strftime(${quoted(name)} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`
