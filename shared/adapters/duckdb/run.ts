import type { DuckDBConnection } from '@duckdb/node-api'
import type { SqlQuery } from '../../ports/sql-engine.ts'
import { type Encoder, fitting, type Head } from './encoder.ts'
import type { FromEngine } from './messages.ts'
import { csvEncoder, jsonEncoder } from './text.ts'
import { jsonConverter, type Library } from './values.ts'
import { list, viewOf } from './view.ts'

type Done = Extract<FromEngine, { readonly done: unknown }>['done']

/**
 * Makes the views, locks what can be locked, and runs the statement: from there on the connection reads the files of the query's tables and nothing else,
 * loads nothing, and cannot be set otherwise.
 */
export async function run(
  library: Library,
  connection: DuckDBConnection,
  query: SqlQuery,
  part: (bytes: Uint8Array) => void,
): Promise<Done> {
  const files = query.tables.flatMap((table) => table.files)
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run(`SET allowed_paths = ${list(files)}`)
  await connection.run('SET enable_external_access = false')
  for (const table of query.tables) await connection.run(viewOf(table))
  await connection.run('SET lock_configuration = true')

  const statements = await connection.extractStatements(query.sql)
  const prepared = await statements.prepare(0)
  if (statements.count !== 1 || prepared.statementType !== library.StatementType.SELECT)
    throw new Error('Permission Error: only a SELECT is run here')
  const result = await prepared.stream()
  const types = result.columnTypes()
  const names = result.columnNames()
  const encoder = await encoderOf(query.format, { names, types, toJson: jsonConverter(library) }, library)

  part(encoder.begin())
  let rows = 0
  let bytes = 0
  let truncated: Done['truncated'] = false
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0 && !truncated; chunk = await result.fetchChunk()) {
    const most = Math.min(chunk.rowCount, query.mostRows - rows)
    const fit = fitting(encoder, chunk, most, query.mostBytes - bytes, rows === 0)
    if (fit) part(fit.bytes)
    rows += fit?.rows ?? 0
    bytes += fit?.bytes.length ?? 0
    if ((fit?.rows ?? 0) < most) truncated = 'bytes'
    else if (most < chunk.rowCount) truncated = 'rows'
  }
  part(encoder.end())
  return { columns: names.map((name, i) => ({ name, type: String(types[i]) })), rows, truncated }
}

/** Arrow's library is loaded only when it is asked for. */
async function encoderOf(format: SqlQuery['format'], head: Head, library: Library): Promise<Encoder> {
  if (format === 'csv') return csvEncoder(head)
  if (format === 'json') return jsonEncoder(head)
  return (await import('./arrow.ts')).arrowEncoder(head, library)
}
