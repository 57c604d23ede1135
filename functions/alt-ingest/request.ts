import { CATEGORY } from '../../shared/contract/alt-doc.ts'
import { readBody } from '../../shared/runtime/body.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import type { FunctionContext } from '../../shared/runtime/function.ts'
import type { Draft } from './document.ts'
import { decodeText } from './text/decode.ts'
import type { Page } from './text/page.ts'

/** As JSON a text may be longer than it is, and HTML is mostly not text. */
export const MOST_REQUEST_BYTES = 4 * 1024 * 1024
export const MOST_DOCUMENTS = 100

/** How a page is read; loaded when there is one. */
export type ReadPage = (html: string) => Promise<Page>

/** What was posted: `draft` throws what is wrong with a document, so that one spoils no other. */
export type Posted = { readonly category: string; readonly isList: boolean; readonly drafts: readonly (() => Promise<Draft>)[] }

/**
 * Reads `POST /alt/{category}`: JSON (a document, or a list of them), or one page as `text/html`, of which the query or headers tell the rest.
 * @throws {TerminalError} ERR_REQUEST, ERR_TOO_LARGE for the request as a whole.
 */
export async function postedIn(c: FunctionContext, readPage: ReadPage): Promise<Posted> {
  const category = (c.req.param('category') ?? '').toLowerCase()
  if (!CATEGORY.test(category))
    throw new TerminalError('ERR_REQUEST', 'a category has letters, digits, _ and - and begins with a letter or digit')
  const contentType = c.req.header('content-type') ?? ''
  const [type = ''] = contentType.toLowerCase().split(';')
  const isHtml = /^(text\/html|application\/xhtml\+xml)$/.test(type.trim())
  if (!isHtml && !/^(application\/([\w.-]+\+)?json)?$/.test(type.trim()))
    throw new TerminalError('ERR_REQUEST', `a document is posted as application/json or text/html, not as ${type.slice(0, 100)}`)
  const body = await readBody(c, MOST_REQUEST_BYTES)
  if (isHtml) return { category, isList: false, drafts: [() => pageDraft(c, textOf(body, contentType), readPage)] }
  const value = jsonOf(body)
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0 || list.length > MOST_DOCUMENTS)
    throw new TerminalError('ERR_REQUEST', `there are ${list.length} documents: 1 to ${MOST_DOCUMENTS} are taken at once`)
  return { category, isList: Array.isArray(value), drafts: list.map((one: unknown) => () => jsonDraft(one, category, readPage)) }
}

function textOf(body: Uint8Array, contentType: string): string {
  try {
    return decodeText(body, contentType)
  } catch (cause) {
    throw new TerminalError('ERR_REQUEST', 'the charset of the page is not known', cause)
  }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new TerminalError('ERR_REQUEST', `the body is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : cause}`, cause)
  }
}

async function jsonDraft(value: unknown, category: string, readPage: ReadPage): Promise<Draft> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TerminalError('ERR_REQUEST', 'a document is a JSON object')
  const { html, ts_ms, timestamp, published_at, ...rest } = value as Readonly<Record<string, unknown>>
  const other = rest.category ?? category
  if (other !== category) throw new TerminalError('ERR_REQUEST', `category: it was posted to ${category}`)
  const date = ts_ms ?? timestamp ?? published_at
  if (html === undefined || html === null) return { ...rest, date }
  if (typeof html !== 'string') throw new TerminalError('ERR_REQUEST', 'html: it is no text')
  if (rest.body) throw new TerminalError('ERR_REQUEST', 'html: there is a body too')
  const page = await readPage(html)
  return { ...rest, title: rest.title ?? page.title, url: rest.url ?? page.url, date: date ?? page.date, body: page.text }
}

/** What a page does not tell of itself, the query does, or headers: `source`, `url`, `ts`, `title`, `lang`, `symbols` (with commas). */
async function pageDraft(c: FunctionContext, html: string, readPage: ReadPage): Promise<Draft> {
  const page = await readPage(html)
  const told = (name: string) => c.req.query(name) ?? c.req.header(`x-document-${name}`)
  const symbols = told('symbols')?.split(',')
  return {
    source: told('source'),
    title: told('title') ?? page.title,
    body: page.text,
    url: told('url') ?? page.url,
    date: told('ts') ?? page.date,
    ...(told('lang') && { lang: told('lang') }),
    ...(symbols && { symbols }),
    isCut: true,
  }
}
