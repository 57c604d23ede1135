import { createHash } from 'node:crypto'
import { halvesOf, nearest, type SimHash, simhashOf } from './near.ts'

/** A message as the stream holds it. */
export type Message = { readonly sequence: number; readonly timeMs: number; readonly subject: string; readonly payload: Uint8Array }

/** A document as a store must have it. */
export type Expected = {
  readonly id: string
  /** Of its first message. */
  readonly sequence: number
  readonly seenMs: number
  readonly tsMs: number
  readonly category: string
  readonly source: string
  readonly title: string
  readonly body: string
  readonly url: string | null
  readonly symbols: readonly string[]
  readonly sentiment: number | null
  readonly lang: string | null
  readonly model: string | null
  readonly simhash: SimHash | null
  readonly dupOf: string | null
}

/**
 * The documents that a stream must give, whatever happens on the way, made the plain way and with nothing of the product's: each by its first message,
 * nearly repeating of all before it the one that differs least. For messages that are no malformed ones, and of less than 72 hours.
 */
export function documentsOf(messages: Iterable<Message>): Expected[] {
  const all: Expected[] = []
  const ids = new Set<string>()
  const hashes: Parameters<typeof nearest>[0] = []
  for (const message of messages) {
    const read = readDocument(message)
    if (ids.has(read.id)) continue
    ids.add(read.id)
    const simhash = simhashOf(`${read.title}\n${read.body}`)
    const halves = simhash && halvesOf(simhash)
    const near = halves && nearest(hashes, halves)
    all.push({ ...read, simhash, dupOf: near ? near.id : null })
    if (halves) hashes.push({ id: read.id, halves })
  }
  return all
}

/** What sources of this run say of a document. */
type Given = Partial<Pick<Expected, 'source' | 'title' | 'body' | 'url' | 'symbols' | 'sentiment' | 'lang' | 'model'>> & {
  readonly ts_ms?: number
  readonly timestamp?: string
  readonly published_at?: string
}

function readDocument({ sequence, timeMs, subject, payload }: Message): Omit<Expected, 'simhash' | 'dupOf'> {
  const given = JSON.parse(Buffer.from(payload).toString()) as Given
  const [, , category = '', source = ''] = subject.split('.')
  const title = (given.title ?? '').trim()
  const body = (given.body ?? '').trim()
  const url = given.url ?? null
  const when = given.ts_ms ?? given.timestamp ?? given.published_at
  return {
    id: createHash('sha256')
      .update(url === null ? `text:${plain(title)}\n${plain(body)}` : `url:${addressOf(url)}`)
      .digest('hex'),
    sequence,
    seenMs: timeMs,
    tsMs: typeof when === 'number' ? when : Date.parse(when!),
    category,
    source: given.source ?? decodeURIComponent(source),
    title,
    body,
    url,
    symbols: [...new Set((given.symbols ?? []).map((symbol) => symbol.toUpperCase()))].sort(),
    sentiment: given.sentiment ?? null,
    lang: given.lang?.toLowerCase() ?? null,
    model: given.model ?? null,
  }
}

const plain = (text: string): string => text.normalize('NFC').split(/\s+/u).filter(Boolean).join(' ')

/** The one form of an address of this run: what of a link is only how it was passed on is left out. */
function addressOf(url: string): string {
  const [, authority, path, query = ''] = /^https?:\/\/([^/?#]+)([^?#]*)(?:\?([^#]*))?/.exec(url)!
  const host = authority!
    .replace(/^.*@/, '')
    .replace(/:(80|443)$/, '')
    .toLowerCase()
  const parameters = query.split('&').filter((one) => one !== '' && !/^(utm_source|fbclid)=/.test(one))
  const sorted = parameters.sort().join('&')
  return `https://${host}${path!.replace(/\/+$/, '')}${sorted && `?${sorted}`}`
}
