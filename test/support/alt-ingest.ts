import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { FeedsFile } from '../../functions/alt-ingest/feeds/feeds.ts'
import type { Fetched, Validators } from '../../functions/alt-ingest/feeds/fetch.ts'
import { altIngest, type Parts } from '../../functions/alt-ingest/handler.ts'
import { SymbolsFile } from '../../functions/alt-ingest/symbols/aliases.ts'
import { type AliasTable, aliasTable } from '../../functions/alt-ingest/symbols/table.ts'
import { ROOT } from '../../infra/stack/settings.ts'
import type { AltDoc } from '../../shared/contract/alt-doc.ts'
import type { Outgoing, StoringPublisher } from '../../shared/ports/publisher.ts'
import { RetryableError, TerminalError } from '../../shared/runtime/errors.ts'

const fileOf = (name: string): unknown => parse(readFileSync(join(ROOT, 'config/alt', name), 'utf8'))

/** The settings that the function is built with. */
export const shippedFeeds = () => FeedsFile.parse(fileOf('feeds.yml')).feeds
let aliases: AliasTable | undefined
export const shippedAliases = () => (aliases ??= aliasTable(SymbolsFile.parse(fileOf('symbols.yml'))))

/** A stream in memory, which knows a message id again; `away` makes it refuse. */
export function storingPublisher(mostBytes = 1024 * 1024) {
  const sent: Outgoing[] = []
  const ids = new Map<string, number>()
  let refusesAfter = Number.POSITIVE_INFINITY
  const publisher: StoringPublisher = {
    async store(message) {
      if (message.payload.length > mostBytes) throw new TerminalError('TOO_LARGE', 'too large for a message')
      if (sent.length >= refusesAfter) throw new RetryableError('ERR_UNAVAILABLE', 'the broker is away')
      const known = ids.get(message.msgId!)
      if (known !== undefined) return { sequence: known, isDuplicate: true }
      sent.push(message)
      ids.set(message.msgId!, sent.length)
      return { sequence: sent.length, isDuplicate: false }
    },
  }
  const docs = () => sent.map(({ payload }) => JSON.parse(String(payload)) as AltDoc)
  return Object.assign(publisher, { sent, docs, refuseAfter: (messages: number) => (refusesAfter = messages) })
}

/** The control bucket in memory. */
export function memoryFeedStore() {
  const values = new Map<string, { readonly value: unknown; readonly revision: number }>()
  let last = 0
  const put = (key: string, value: unknown) => {
    values.set(key, { value: JSON.parse(JSON.stringify(value)), revision: ++last })
    return last
  }
  return {
    values,
    async get<T>(key: string) {
      return values.get(key) as { readonly value: T; readonly revision: number } | undefined
    },
    create: async (key: string, value: unknown) => (values.has(key) ? undefined : put(key, value)),
    replace: async (key: string, value: unknown, revision: number) =>
      values.get(key)?.revision === revision ? put(key, value) : undefined,
  }
}

export const NOW_MS = Date.parse('2026-11-21T12:00:00Z')

/** The function on stand-ins; `at` calls it for an instant, `post` with a document. */
export function ingestOn(parts: Partial<Parts> = {}) {
  const publisher = storingPublisher()
  const store = memoryFeedStore()
  const app = altIngest({
    publisher,
    store,
    feeds: [],
    aliases: shippedAliases(),
    fetch: async () => ({ kind: 'unchanged' }),
    nowMs: () => NOW_MS + 30 * 24 * 3_600_000,
    ...parts,
  })
  return {
    app,
    publisher,
    store,
    at: (ms: number) => app.request('/', { method: 'POST', headers: { 'x-scheduled-time': new Date(ms).toISOString() } }),
    post: (category: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
      app.request(`/alt/${category}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }
}

/** Feeds answered from memory: by address what is served now, and what was asked for. */
export function servedFeeds(served: Record<string, (validators: Validators) => Fetched | Error>) {
  const asked: { readonly url: string; readonly validators: Validators }[] = []
  const fetch = async (url: string, { etag, lastModified }: Validators) => {
    const validators = { ...(etag && { etag }), ...(lastModified && { lastModified }) }
    asked.push({ url, validators })
    const answer = served[url]!(validators)
    if (answer instanceof Error) throw answer
    return answer
  }
  return { fetch, asked }
}

/** An RSS feed of these items, the first one the newest. */
export const rssOf = (items: readonly string[]): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>${items.join('')}</channel></rss>`
export const rssItem = (id: string, title = `Title ${id}`, date = 'Fri, 20 Nov 2026 10:00:00 GMT'): string =>
  `<item><guid isPermaLink="false">${id}</guid><title>${title}</title><link>https://example.com/${id}</link><pubDate>${date}</pubDate><description>&lt;p&gt;Words of ${id}.&lt;/p&gt;</description></item>`

export const changed = (body: string, more: Validators = {}): Fetched => ({
  kind: 'changed',
  body: Buffer.from(body),
  contentType: 'application/rss+xml',
  url: 'https://example.com/feed',
  ...more,
})
