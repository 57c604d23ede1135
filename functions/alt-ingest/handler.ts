import type { StoringPublisher } from '../../shared/ports/publisher.ts'
import { CodedError, RetryableError } from '../../shared/runtime/errors.ts'
import { defineFunction, type FunctionApp, type FunctionContext } from '../../shared/runtime/function.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { problemOf } from '../../shared/runtime/problem.ts'
import { scheduledRoute } from '../../shared/runtime/scheduled.ts'
import { finish, type Tools } from './document.ts'
import type { Feed } from './feeds/feeds.ts'
import type { Fetched, Validators } from './feeds/fetch.ts'
import { readFeeds } from './feeds/round.ts'
import type { FeedStore } from './feeds/state.ts'
import { ingestMetrics } from './metrics.ts'
import { type Published, publish } from './publish.ts'
import { postedIn } from './request.ts'
import type { AliasTable } from './symbols/table.ts'

export const NAME = 'alt-ingest'

export type Parts = {
  readonly publisher: StoringPublisher
  readonly store: FeedStore
  readonly fetch: (url: string, validators: Validators) => Promise<Fetched>
  readonly feeds: readonly Feed[]
  readonly aliases: AliasTable
  readonly nowMs?: () => number
}

/** Requests that are worked on side by side in a replica: each may hold some megabytes. */
const AT_ONCE = 8

/** Loaded with the first document: starting does not wait for them. */
const readPage = async (html: string) => (await import('./text/page.ts')).readPage(html)
const readFeed = async (...given: [Uint8Array, string, string]) => (await import('./feeds/read.ts')).readFeed(...given)

type Refused = { readonly index: number; readonly code: string; readonly detail: string }

/**
 * Takes documents in: `POST /alt/{category}` publishes what is posted, and each instant of the schedule what is new in the feeds.
 * It keeps nothing: where feeds stand is in the store, and a document that comes twice is one message, or found out by those who read them.
 */
export function altIngest({ publisher, store, fetch, feeds, aliases, nowMs = Date.now }: Parts): FunctionApp {
  const registry = createMetrics(NAME)
  const metrics = ingestMetrics(registry)
  const log = createLog(NAME)
  const tools = async (): Promise<Tools> => ({ aliases, nowMs, languageOf: (await import('./text/language.ts')).languageOf })
  let busy = 0

  const post = async (c: FunctionContext): Promise<Response> => {
    const { category, isList, drafts } = await postedIn(c, readPage)
    const made = await tools()
    const documents: (Published & { readonly index: number })[] = []
    const errors: Refused[] = []
    for (const [index, draft] of drafts.entries()) {
      try {
        const published = await publish(publisher, finish(category, await draft(), made), c.get('traceparent'))
        metrics.documents.inc({ from: 'post', outcome: published.duplicate ? 'duplicate' : 'published' })
        documents.push({ index, ...published })
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        metrics.documents.inc({ from: 'post', outcome: error.code })
        // What was published before is sent again with the rest, under the same ids.
        if (error instanceof RetryableError || !isList) throw error
        errors.push({ index, code: error.code, detail: error.message })
      }
    }
    Object.assign(c.get('note'), { category, published: documents.length, refused: errors.length })
    return c.json({ published: documents.length, documents, errors }, documents.length > 0 ? 202 : 422)
  }

  return defineFunction({
    name: NAME,
    metrics: registry,
    routes(app) {
      // By the route, and by the function's own name.
      app.on('POST', ['/:category', '/alt/:category'], async (c) => {
        if (busy >= AT_ONCE) return problemOf(new RetryableError('ERR_BUSY', `${busy} requests are worked on, which is as many as may`))
        busy++
        try {
          return await post(c)
        } finally {
          busy--
        }
      })
      scheduledRoute(app, NAME, '/', async ({ atMs }, traceparent) => {
        const parts = { feeds, store, publisher, fetch, read: readFeed, tools, metrics, log }
        // An instant ahead of the clock, which only a call by hand can name, would leave all feeds alone until then.
        const done = await readFeeds(parts, Math.min(atMs, nowMs()), traceparent)
        if (done.read > 0) log.info(done, 'feeds read')
      })
    },
  })
}
