import * as z from 'zod'
import { CATEGORY } from '../../shared/contract/alt-doc.ts'
import { msOfDate } from '../../shared/contract/tick-time.ts'
import type { DocQuery } from '../../shared/ports/doc-search.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { parsed } from '../../shared/runtime/request.ts'

const MOST_QUERY = 512
const MOST_SYMBOLS = 50
export const MOST_SIZE = 100

const Time = z.string().transform((text, ctx) => {
  const ms = msOfDate(text)
  if (ms !== undefined) return ms
  ctx.addIssue({ code: 'custom', message: `not a time: ${text}` })
  return z.NEVER
})

export const Size = z.coerce.number().int().min(1).max(MOST_SIZE).default(20)

const Search = z.strictObject({
  q: z
    .string()
    .trim()
    .max(MOST_QUERY)
    .transform((text) => text || undefined)
    .optional(),
  symbols: z
    .string()
    .transform((text) =>
      text
        .toUpperCase()
        .split(',')
        .map((symbol) => symbol.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().max(64)).max(MOST_SYMBOLS))
    .default([]),
  category: z.string().toLowerCase().regex(CATEGORY, 'not a category').optional(),
  source: z.string().min(1).max(256).optional(),
  from: Time.optional(),
  to: Time.optional(),
  duplicates: z.enum(['show', 'hide']).default('show'),
  sort: z.enum(['newest', 'relevance']).optional(),
  size: Size,
  cursor: z.string().max(1024).optional(),
})

const Cursor = z.tuple([z.enum(['newest', 'relevance']), z.array(z.number()).min(2).max(3)])

/** What `GET /` asks for. @throws {TerminalError} ERR_REQUEST */
export function queryOf(params: Readonly<Record<string, string>>): DocQuery {
  const { from, to, duplicates, cursor, sort: wanted, ...rest } = parsed(Search, params)
  const sort = wanted ?? (rest.q === undefined ? 'newest' : 'relevance')
  const after = cursor === undefined ? undefined : endOf(cursor, sort)
  return {
    ...rest,
    q: rest.q,
    category: rest.category,
    source: rest.source,
    fromMs: from,
    toMs: to,
    distinct: duplicates === 'hide',
    sort,
    after,
  }
}

/** The text by which a client asks for the page that begins there. */
export const cursorOf = (sort: DocQuery['sort'], end: readonly number[]): string =>
  Buffer.from(JSON.stringify([sort, end])).toString('base64url')

function endOf(cursor: string, sort: DocQuery['sort']): readonly number[] {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    // Said below.
  }
  const result = Cursor.safeParse(json)
  if (!result.success) throw new TerminalError('ERR_REQUEST', 'cursor: not one that was given out')
  const [sorted, end] = result.data
  if (sorted !== sort || end.length !== (sort === 'relevance' ? 3 : 2))
    throw new TerminalError('ERR_REQUEST', `cursor: of a search sorted by ${sorted}, not by ${sort}`)
  return end
}
