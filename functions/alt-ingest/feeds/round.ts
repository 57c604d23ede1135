import { feedKey } from '../../../shared/contract/control-keys.ts'
import type { StoringPublisher } from '../../../shared/ports/publisher.ts'
import { CodedError, RetryableError } from '../../../shared/runtime/errors.ts'
import type { Log } from '../../../shared/runtime/log.ts'
import { finish, type Tools } from '../document.ts'
import type { IngestMetrics } from '../metrics.ts'
import { publish } from '../publish.ts'
import { FeedError } from './fault.ts'
import type { Feed } from './feeds.ts'
import type { Fetched, Validators } from './fetch.ts'
import type { Entry } from './read.ts'
import { type FeedState, type FeedStore, freshState, keyOf, pauseMs, seenNow } from './state.ts'

export type RoundParts = {
  readonly feeds: readonly Feed[]
  readonly store: FeedStore
  readonly publisher: StoringPublisher
  readonly fetch: (url: string, validators: Validators) => Promise<Fetched>
  readonly read: (body: Uint8Array, contentType: string, url: string) => Promise<Entry[]>
  readonly tools: () => Promise<Tools>
  readonly metrics: IngestMetrics
  readonly log: Log
}

/** Feeds that are read side by side. */
const AT_ONCE = 4
/** No further feed is begun after this: gateways take a function that is silent for long for a dead one. What is left is due the next time. */
const ROUND_MS = 35_000
/** Whoever reads a feed has it for so long; if he dies, another reads it then. */
const CLAIM_MS = 120_000
/** New entries of one reading that are published; the others the next time. */
const MOST_NEW = 500

/**
 * Reads the feeds that are due, and publishes what is new in them, the oldest first. Where a feed stands is written down only after the stream has all of
 * that: cut short in between, it is published again, under the same message ids. A feed that cannot be read holds up no other.
 * @param atMs - the instant that this is for.
 * @throws {RetryableError} ERR_UNAVAILABLE when the broker does not take what is new.
 */
export async function readFeeds(parts: RoundParts, atMs: number, traceparent: string): Promise<{ read: number; published: number }> {
  const untilMs = performance.now() + ROUND_MS
  const waiting = parts.feeds.filter(({ enabled }) => enabled)
  const result = { read: 0, published: 0 }
  const failures: unknown[] = []
  const work = async () => {
    for (let feed = waiting.shift(); feed && performance.now() < untilMs; feed = waiting.shift()) {
      try {
        const published = await readOne(parts, feed, atMs, traceparent)
        if (published === undefined) continue
        result.read++
        result.published += published
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  if (failures.length > 0) throw failures.find((error) => error instanceof CodedError) ?? failures[0]
  return result
}

/** How many entries were published; undefined where the feed is not due, or another reads it. */
async function readOne(parts: RoundParts, feed: Feed, atMs: number, traceparent: string): Promise<number | undefined> {
  const { store, metrics, log } = parts
  const key = feedKey(feed.name)
  const stored = await store.get<FeedState>(key)
  const state = stored?.value.url === feed.url ? stored.value : freshState(feed.url)
  if (state.nextMs > atMs) return undefined
  const claim = { ...state, nextMs: atMs + CLAIM_MS }
  const revision = await (stored ? store.replace(key, claim, stored.revision) : store.create(key, claim))
  if (revision === undefined) return undefined

  const started = performance.now()
  let outcome: string = 'failed'
  try {
    const fetched = await parts.fetch(feed.url, state)
    const news = fetched.kind === 'unchanged' ? NOTHING : await take(parts, feed, state, fetched, traceparent)
    // What is left over is fetched again, and then the server must not say that nothing has changed.
    const validators = fetched.kind === 'unchanged' ? validatorsOf(state) : news.isAll ? validatorsOf(fetched) : {}
    const seen = seenNow(news.listed, state.seen)
    await store.replace(key, { url: feed.url, nextMs: atMs + (news.isAll ? feed.everyMs : 0), failures: 0, ...validators, seen }, revision)
    outcome = fetched.kind === 'unchanged' ? 'unchanged' : 'read'
    metrics.failures.set({ feed: feed.name }, 0)
    metrics.succeeded.set({ feed: feed.name }, Date.now() / 1000)
    return news.published
  } catch (error) {
    // Ours, not the feed's: it may be asked again at once.
    if (!(error instanceof FeedError)) {
      await store.replace(key, state, revision).catch(() => {})
      throw error
    }
    const failures = state.failures + 1
    const nextMs = atMs + pauseMs(feed.everyMs, failures, error.retryAfterMs)
    outcome = error.fault
    metrics.failures.set({ feed: feed.name }, failures)
    log.warn({ feed: feed.name, url: feed.url, fault: error.fault, detail: error.message, failures, nextMs }, 'a feed could not be read')
    await store.replace(key, { ...state, failures, nextMs }, revision)
    return 0
  } finally {
    metrics.reads.inc({ feed: feed.name, outcome })
    metrics.seconds.observe((performance.now() - started) / 1000)
  }
}

type News = { readonly published: number; readonly listed: readonly string[]; readonly isAll: boolean }
const NOTHING: News = { published: 0, listed: [], isAll: true }

const validatorsOf = ({ etag, lastModified }: Validators): Validators => ({ ...(etag && { etag }), ...(lastModified && { lastModified }) })

/** Publishes the entries that were not seen before. One that makes no document is counted, told of, and not looked at again. */
async function take(
  { read, tools, publisher, metrics, log }: RoundParts,
  feed: Feed,
  state: FeedState,
  { body, contentType, url }: Extract<Fetched, { kind: 'changed' }>,
  traceparent: string,
): Promise<News> {
  const entries = await read(body, contentType, url)
  const seen = new Set(state.seen)
  const fresh = entries.filter((entry) => !seen.has(keyOf(entry)))
  // Feeds list what is newest first.
  const wanted = fresh.slice(-MOST_NEW).reverse()
  const left = new Set(fresh.slice(0, -MOST_NEW).map(keyOf))
  const made = await tools()
  let published = 0
  for (const entry of wanted) {
    try {
      const { title, url: link, date } = entry
      const about = { source: feed.source, alsoSymbols: feed.symbols, fallbackLang: languageCode(entry.lang), isCut: true }
      const ready = finish(feed.category, { ...about, title, body: entry.body(), url: link, date }, made)
      const { duplicate } = await publish(publisher, ready, traceparent)
      metrics.documents.inc({ from: 'feed', outcome: duplicate ? 'duplicate' : 'published' })
      published++
    } catch (error) {
      if (!(error instanceof CodedError) || error instanceof RetryableError) throw error
      metrics.documents.inc({ from: 'feed', outcome: error.code })
      log.warn({ feed: feed.name, entry: entry.id.slice(0, 200), code: error.code, detail: error.message }, 'an entry makes no document')
    }
  }
  return { published, listed: entries.map(keyOf).filter((key) => !left.has(key)), isAll: left.size === 0 }
}

/** `en-US` is `en`. Feeds say it wrongly so often that it only counts where the text does not tell. */
const languageCode = (tag: string | undefined): string | null =>
  /^([a-z]{2})(?:[-_]|$)/i.exec(tag?.trim() ?? '')?.[1]?.toLowerCase() ?? null
