import type { FileCache } from '../../shared/lake/file-cache.ts'
import { readingsOf } from '../../shared/lake/query/syntax.ts'
import type { Found, LakeTables } from '../../shared/lake/query/tables.ts'
import type { SqlAnswer, SqlEngine, SqlFormat, SqlSession } from '../../shared/ports/sql-engine.ts'
import { CodedError, RetryableError, TerminalError } from '../../shared/runtime/errors.ts'
import { defineFunction, type FunctionApp, type FunctionContext } from '../../shared/runtime/function.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { queryMetrics } from './metrics.ts'
import { type LakeRequest, requestOf } from './request.ts'

export const NAME = 'lake-query'

type Parts = { readonly tables: LakeTables; readonly cache: FileCache; readonly engine: SqlEngine }

export type Limits = {
  readonly mostMs: number
  readonly mostRows: number
  readonly mostBytes: number
  /** Queries side by side. */
  readonly atOnce: number
}

const CONTENT_TYPES: Record<SqlFormat, string> = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  arrow: 'application/vnd.apache.arrow.stream',
}

type Result = { readonly answer: SqlAnswer; readonly found: readonly Found[] }

/**
 * `POST /` or `GET /?sql=`: one SELECT over the tables of the lake, as JSON, CSV or Arrow. It is answered when it is done, so that an error is an error
 * and what was cut short says so in its head; what waits is at most `mostBytes` a query.
 */
export function lakeQuery({ tables, cache, engine }: Parts, { mostMs, mostRows, mostBytes, atOnce }: Limits): FunctionApp {
  const metrics = createMetrics(NAME)
  const { queries, running, seconds, files } = queryMetrics(
    metrics,
    () => cache.fetchedBytes,
    () => cache.bytes,
  )
  let busy = 0

  const answer = async (request: LakeRequest, session: SqlSession): Promise<Result> => {
    const readings = Map.groupBy(readingsOf(await session.parse(request.sql)), ({ table }) => table)
    if (request.version !== undefined && readings.size !== 1)
      throw new TerminalError(
        'ERR_REQUEST',
        `version is of one table, and the statement reads ${readings.size}: ${[...readings.keys()].join(', ')}`,
      )
    const found = await Promise.all([...readings].map(([name, own]) => tables.find(name, own, request.version)))
    const taken = await cache.take(found.flatMap(({ wanted }) => wanted))
    try {
      const paths = [...taken.paths]
      const local = found.map(({ table, wanted }) => ({ ...table, files: paths.splice(0, wanted.length) }))
      return { found, answer: await session.run({ sql: request.sql, format: request.format, tables: local, mostRows, mostBytes }) }
    } finally {
      taken.release()
    }
  }

  const serve = async (c: FunctionContext): Promise<Response> => {
    const request = await requestOf(c)
    if (busy >= atOnce) throw new RetryableError('ERR_BUSY', `${busy} queries run already, which is as many as may`)
    busy++
    running.inc()
    const started = performance.now()
    const session = engine.open(mostMs)
    const { signal } = c.req.raw
    // Whoever no longer waits needs no answer.
    signal.addEventListener('abort', session.close, { once: true })
    try {
      const result = await answer(request, session)
      const took = (performance.now() - started) / 1000
      seconds.observe(took)
      for (const { files: all, wanted } of result.found) {
        files.inc({ use: 'read' }, wanted.length)
        files.inc({ use: 'left out' }, all - wanted.length)
      }
      Object.assign(c.get('note'), { rows: result.answer.rows, truncated: result.answer.truncated })
      return respond(request.format, result, took)
    } finally {
      signal.removeEventListener('abort', session.close)
      session.close()
      running.dec()
      busy--
    }
  }

  const counted = async (c: FunctionContext): Promise<Response> => {
    try {
      const response = await serve(c)
      queries.inc({ outcome: response.headers.get('x-lake-truncated') === 'false' ? 'ok' : 'truncated' })
      return response
    } catch (error) {
      queries.inc({ outcome: error instanceof CodedError ? error.code : 'ERR_INTERNAL' })
      throw error
    }
  }

  return defineFunction({
    name: NAME,
    metrics,
    routes(app) {
      app.get('/', counted)
      app.post('/', counted)
    },
  })
}

function respond(format: SqlFormat, { answer, found }: Result, seconds: number): Response {
  const { body, rows, truncated, columns } = answer
  const tables = Object.fromEntries(
    found.map(({ table, version, files, wanted }) => [table.name, { version, files, files_read: wanted.length }]),
  )
  const headers = {
    'content-type': CONTENT_TYPES[format],
    vary: 'accept',
    'x-lake-rows': String(rows),
    'x-lake-truncated': String(truncated),
    'x-lake-versions': found.map(({ table, version }) => `${table.name}=${version}`).join(', '),
  }
  if (format !== 'json') return new Response(Buffer.concat(body), { headers })
  const begin = `{"columns":${JSON.stringify(columns)},"rows":[`
  const end = `],"row_count":${rows},"truncated":${JSON.stringify(truncated)},"tables":${JSON.stringify(tables)},"seconds":${seconds.toFixed(3)}}\n`
  return new Response(Buffer.concat([Buffer.from(begin), ...body, Buffer.from(end)]), { headers })
}
