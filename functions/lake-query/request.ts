import * as z from 'zod'
import { SQL_FORMATS, type SqlFormat } from '../../shared/ports/sql-engine.ts'
import { readBody } from '../../shared/runtime/body.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import type { FunctionContext } from '../../shared/runtime/function.ts'
import { parsed } from '../../shared/runtime/request.ts'

const MOST_SQL_BYTES = 64 * 1024

const Request = z.strictObject({
  sql: z.string().refine((text) => text.trim() !== '', 'there is no statement'),
  format: z.enum(SQL_FORMATS).optional(),
  /** Of the one table that the statement reads. */
  version: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
})

export type LakeRequest = { readonly sql: string; readonly format: SqlFormat; readonly version: number | undefined }

const TYPES: readonly (readonly [string, SqlFormat])[] = [
  ['application/vnd.apache.arrow.stream', 'arrow'],
  ['text/csv', 'csv'],
]

/**
 * What is asked: by GET in the query, by POST as JSON (`sql`, `format`, `version`) or, with any other content type, as the statement itself.
 * @throws {TerminalError} ERR_REQUEST, ERR_TOO_LARGE
 */
export async function requestOf(c: FunctionContext): Promise<LakeRequest> {
  const { sql, format, version } = parsed(Request, { ...c.req.query(), ...(c.req.method === 'POST' && (await posted(c))) })
  if (Buffer.byteLength(sql) > MOST_SQL_BYTES) throw new TerminalError('ERR_TOO_LARGE', `a statement has at most ${MOST_SQL_BYTES} bytes`)
  const accept = c.req.header('accept') ?? ''
  return { sql, format: format ?? TYPES.find(([type]) => accept.includes(type))?.[1] ?? 'json', version }
}

async function posted(c: FunctionContext): Promise<Record<string, unknown>> {
  // As JSON a statement may be up to six times as long.
  const text = new TextDecoder().decode(await readBody(c, 6 * MOST_SQL_BYTES))
  if (!(c.req.header('content-type') ?? '').includes('application/json')) return { sql: text }
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
  } catch {
    // Said below.
  }
  throw new TerminalError('ERR_REQUEST', 'the body is not a JSON object')
}
