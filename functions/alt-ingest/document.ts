import { createHash } from 'node:crypto'
import { AltDoc, MOST_AHEAD_MS, MOST_DOCUMENT_BYTES } from '../../shared/contract/alt-doc.ts'
import { altSubject } from '../../shared/contract/subjects.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { parsed } from '../../shared/runtime/request.ts'
import { MODEL } from './sentiment/lexicon.ts'
import { scoreOf } from './sentiment/score.ts'
import { findSymbols } from './symbols/find.ts'
import type { AliasTable } from './symbols/table.ts'
import { cleanLine, cleanText } from './text/clean.ts'
import { msOfWhen } from './when.ts'

/** A document as somebody gives it: texts are plain but not yet cleaned, and what is missing is worked out. */
export type Draft = {
  readonly source?: unknown
  readonly title?: unknown
  readonly body?: unknown
  readonly url?: unknown
  /** A date in any form that {@link msOfWhen} reads. */
  readonly date?: unknown
  readonly symbols?: unknown
  /** Beside those that are found. */
  readonly alsoSymbols?: readonly string[]
  readonly sentiment?: unknown
  readonly lang?: unknown
  /** Where the text does not tell. */
  readonly fallbackLang?: string | null
  readonly model?: unknown
  /** Of those that give texts of unknown length, such as feeds: a title that is too long is cut, an address that is too long left out. */
  readonly isCut?: boolean
}

/** A document that can be published. */
export type Ready = { readonly subject: string; readonly msgId: string; readonly payload: string; readonly doc: AltDoc }

export type Tools = {
  readonly aliases: AliasTable
  /** ISO 639-1; null where it is not sure. */
  readonly languageOf: (text: string) => string | null
  readonly nowMs: () => number
}

const MOST_TITLE = 2_000
const MOST_URL = 4_000
const MOST_SYMBOLS = 200

/**
 * Makes a document of a draft: cleans its texts, and works out language, symbols and sentiment where they were not given.
 * @throws {TerminalError} NO_CONTENT, TOO_LARGE, BAD_DATE; ERR_REQUEST for a field that cannot be what it should be.
 */
export function finish(category: string, draft: Draft, { aliases, languageOf, nowMs }: Tools): Ready {
  const title = textOf(draft, 'title', cleanLine)
  const body = textOf(draft, 'body', cleanText)
  if (title === '' && body === '') throw new TerminalError('NO_CONTENT', 'there is neither a title nor a body')
  const bytes = Buffer.byteLength(title) + Buffer.byteLength(body)
  if (bytes > MOST_DOCUMENT_BYTES)
    throw new TerminalError('TOO_LARGE', `title and body are ${bytes} bytes, more than ${MOST_DOCUMENT_BYTES}`)
  const given = parsed(AltDoc, {
    ts_ms: timeOf(draft.date, nowMs()),
    category,
    source: draft.source,
    title: draft.isCut ? cutAt(title, MOST_TITLE) : title,
    body,
    url: draft.isCut && typeof draft.url === 'string' && draft.url.length > MOST_URL ? null : draft.url,
    symbols: draft.symbols,
    sentiment: draft.sentiment,
    lang: draft.lang,
    model: draft.model,
  })
  if (!given.source) throw new TerminalError('ERR_REQUEST', 'source: there is none')
  const text = `${title}\n\n${body}`
  const lang = given.lang ?? languageOf(text) ?? draft.fallbackLang ?? null
  const symbols = draft.symbols ? given.symbols : symbolsOf(text, draft.alsoSymbols ?? [], aliases)
  const scored = given.sentiment === null ? scoredBy(text, lang) : { sentiment: given.sentiment, model: given.model }
  const doc = { ...given, lang, symbols, ...scored }
  return { subject: altSubject(category, given.source), msgId: idOf(doc), payload: JSON.stringify(doc), doc }
}

/** Those named most often, where there are too many. */
const symbolsOf = (text: string, also: readonly string[], aliases: AliasTable): string[] =>
  [...new Set([...also, ...findSymbols(text, aliases).symbols])].slice(0, MOST_SYMBOLS).sort()

/** Words of English are looked up in English texts, and in those too short to be sure of: there only if one is found. */
function scoredBy(text: string, lang: string | null): Pick<AltDoc, 'sentiment' | 'model'> {
  const none = { sentiment: null, model: null }
  if (lang !== null && lang !== 'en') return none
  const { sentiment, hits } = scoreOf(text)
  return lang === null && hits === 0 ? none : { sentiment, model: MODEL }
}

/** The same for a document that is sent again, whatever is worked out from it by then. */
const idOf = ({ category, source, ts_ms, title, body, url }: AltDoc): string =>
  `alt:${createHash('sha256')
    .update(JSON.stringify([category, source, ts_ms, title, body, url]))
    .digest('base64url')}`

function timeOf(date: unknown, nowMs: number): number {
  const shown = typeof date === 'string' || typeof date === 'number' ? ` (${String(date).slice(0, 64)})` : ''
  const ms = msOfWhen(date)
  if (ms === undefined) throw new TerminalError('BAD_DATE', `there is no date that can be read${shown}`)
  if (ms > nowMs + MOST_AHEAD_MS) throw new TerminalError('BAD_DATE', `it is dated more than two days ahead${shown}`)
  return ms
}

function textOf(draft: Draft, field: 'title' | 'body', clean: (text: string) => string): string {
  const text = draft[field] ?? ''
  if (typeof text !== 'string') throw new TerminalError('ERR_REQUEST', `${field}: it is no text`)
  // Cleaning makes nothing longer by much; what is far too long is not even looked at.
  if (text.length > 4 * MOST_DOCUMENT_BYTES) throw new TerminalError('TOO_LARGE', `${field} has ${text.length} characters`)
  return clean(text)
}

const cutAt = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
