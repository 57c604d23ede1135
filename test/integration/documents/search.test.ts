import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { altSearch } from '../../../functions/alt-search/handler.ts'
import { indexAltDoc } from '../../../functions/index-alt-doc/handler.ts'
import { searchSink } from '../../../functions/index-alt-doc/search-sink.ts'
import { connectOpensearch, type Opensearch } from '../../../shared/adapters/opensearch/connect.ts'
import { opensearchDocIndex } from '../../../shared/adapters/opensearch/doc-index.ts'
import { opensearchDocSearch } from '../../../shared/adapters/opensearch/doc-search.ts'
import { opensearchPositionTable } from '../../../shared/adapters/opensearch/position-table.ts'
import { connectDocuments } from '../../../shared/adapters/valkey/connect.ts'
import { valkeyFirstTable } from '../../../shared/adapters/valkey/first-table.ts'
import { DOCUMENTS } from '../../../shared/contract/doc-indices.ts'
import type { FoundDoc } from '../../../shared/ports/doc-search.ts'
import { docBatch, docMessages } from '../../support/doc-batch.ts'
import { statements } from '../../support/documents.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

// OpenSearch stands back for all others: on a machine that has much to do it starts slowly.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 })

let servers: TestServers
let opensearch: Opensearch
let valkey: ReturnType<typeof connectDocuments>
let last = 0
beforeAll(async () => {
  servers = await startServers({ opensearch: true, valkey: true })
  opensearch = connectOpensearch(servers.urls)
  valkey = connectDocuments(servers.urls)
})
afterAll(async () => {
  await valkey?.close()
  await opensearch?.close()
  await servers?.stop()
})

const process = () =>
  indexAltDoc('index-alt-doc', {
    sink: searchSink(opensearchDocIndex(opensearch), opensearchPositionTable(opensearch, 'index-alt-doc')),
    firsts: valkeyFirstTable(valkey.documents, 'search'),
    deadLetters: recordingPublisher(),
  })
type App = ReturnType<typeof process>

/** Posts the next messages of the stream. */
async function post(app: App, documents: readonly Readonly<Record<string, unknown>>[]) {
  const answer = await app.request('/', { method: 'POST', body: docBatch(docMessages(documents, last + 1)) })
  const body = (await answer.json()) as Record<string, unknown>
  if (answer.ok) last += documents.length
  return { status: answer.status, ...body }
}
const search = altSearch({
  find: (query) => opensearchDocSearch(opensearch).find(query),
  like: (id, size) => opensearchDocSearch(opensearch).like(id, size),
  one: (id) => opensearchDocSearch(opensearch).one(id),
})
type Page = {
  readonly total: number
  readonly documents: readonly FoundDoc[]
  readonly facets: Readonly<Record<string, unknown>> | null
  readonly next: string | null
}
async function find(query: string): Promise<Page> {
  await opensearch.client.indices.refresh({ index: DOCUMENTS })
  const answer = await search.request(`/alt/search${query}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Page
}

test('nothing is found where nothing is', async () => {
  expect(await find('?q=rate')).toEqual({
    total: 0,
    atLeast: false,
    documents: [],
    facets: { category: [], source: [], symbols: [] },
    next: null,
  })
})

test('the statements of the FOMC, twice, are a document each; near-duplicates name earlier ones', async () => {
  const app = process()
  const all = statements()
  for (const documents of [all.slice(0, 100), all.slice(100), all.slice(0, 100), all.slice(100)])
    expect(await post(app, documents)).toMatchObject({ status: 200, rejected: 0 })
  expect(await find('')).toMatchObject({ total: 129 })
  const distinct = await find('?duplicates=hide')
  expect(distinct.total).toBeLessThan(125)
  const near = (await find('?size=100')).documents.filter(({ dup_of }) => dup_of !== null)
  for (const { dup_of, ts_ms } of near) {
    const earlier = (await (await search.request(`/${dup_of}`)).json()) as FoundDoc
    expect(earlier.ts_ms).toBeLessThan(ts_ms)
  }
})

test('words, phrases and exclusions, in title and text, with highlights that are safe to show', async () => {
  await post(process(), [
    {
      title: 'Rates <b>unchanged</b>',
      body: 'The bank leaves rates unchanged & waits',
      symbols: ['EUR'],
      source: 'bank',
      category: 'news',
    },
    { title: 'Other', body: 'A penguin on the exchange floor', symbols: ['BTC', 'ETH'], source: 'daily', category: 'news' },
  ])
  const found = await find('?q=rates%20unchanged&category=news')
  expect(found.documents.map(({ title }) => title)).toEqual(['Rates <b>unchanged</b>'])
  expect(found.documents[0]!.highlights).toEqual([
    '<em>Rates</em> &lt;b&gt;<em>unchanged</em>&lt;&#x2F;b&gt;',
    'The bank leaves <em>rates</em> <em>unchanged</em> &amp; waits',
  ])
  expect((await find('?q=%22exchange%20floor%22')).documents.map(({ title }) => title)).toEqual(['Other'])
  expect(await find('?q=%22floor%20exchange%22')).toMatchObject({ total: 0 })
  expect(await find('?q=penguins%20-floor')).toMatchObject({ total: 0 })
  expect((await find('?q=peng*')).documents.map(({ title }) => title)).toEqual(['Other'])
  expect((await find('?symbols=eth,xrp')).documents.map(({ title }) => title)).toEqual(['Other'])
  expect((await find('?source=bank')).total).toBe(1)
  // Whatever is typed is sought, never a syntax error.
  for (const odd of ['"', '((', 'a AND', '~~', '\\', 'body:x^', '*']) await find(`?q=${encodeURIComponent(odd)}`)
})

test('facets, spans of time, and pages that hold each document once', async () => {
  const first = await find('?category=central-bank&from=2000-01-01&to=2010-01-01&size=7')
  expect(first.facets).toMatchObject({
    category: [{ value: 'central-bank', count: first.total }],
    symbols: expect.arrayContaining([{ value: 'SPY', count: first.total }]),
  })
  for (const sort of ['newest', 'relevance']) {
    const ids = new Set<string>()
    const times: number[] = []
    for (let next: string | null = `?q=committee&category=central-bank&from=2000-01-01&to=2010-01-01&size=7&sort=${sort}`; next; ) {
      const page: Page = await find(next)
      for (const { id, ts_ms } of page.documents) {
        ids.add(id)
        times.push(ts_ms)
      }
      next = page.next
    }
    expect([ids.size, times.length]).toEqual([first.total, first.total])
    if (sort === 'newest') expect(times).toEqual(times.toSorted((a, b) => b - a))
  }
})

test('documents like one', async () => {
  const [one] = (await find('?category=central-bank&sort=newest&size=1')).documents
  const answer = await search.request(`/alt/search/${one!.id}/like?size=5`)
  const { documents } = (await answer.json()) as Page
  expect(documents.length).toBe(5)
  expect(documents.every(({ id, category }) => id !== one!.id && category === 'central-bank')).toBe(true)
  expect((await search.request(`/alt/search/${'0'.repeat(64)}/like`)).status).toBe(404)
})

test('a read-only index holds documents back, and none is lost or double when it takes them again', async () => {
  const app = process()
  const before = (await find('')).total
  const set = (value: boolean | null) =>
    opensearch.client.indices.putSettings({ index: 'alt_*', body: { 'index.blocks.read_only_allow_delete': value } as never })
  await set(true)
  const documents = [{ title: 'while it was read-only' }, { title: 'Other', body: 'A penguin on the exchange floor', category: 'news' }]
  expect(await post(app, documents)).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
  await set(null)
  expect(await post(app, documents)).toMatchObject({ status: 200, applied: 2 })
  expect((await find('')).total).toBe(before + 1)
})

test('Valkey emptied: first messages are read from the index again', async () => {
  const before = (await find('')).total
  await valkey.documents.flushdb()
  await post(process(), [...statements().slice(0, 60), { title: 'after Valkey was emptied' }])
  expect((await find('')).total).toBe(before + 1)
  expect(await valkey.documents.hlen('alt:dedup:search')).toBe(before + 2)
})

test('OpenSearch killed and started again: what was taken is there, and goes on', async () => {
  const app = process()
  await post(app, [{ title: 'before it was killed' }])
  const before = (await find('')).total
  servers.processes.opensearch.kill('SIGKILL')
  const batch = [{ title: 'before it was killed' }, { title: 'after it was killed' }]
  await expect.poll(async () => (await post(app, batch)).status, { timeout: 200_000, interval: 500 }).toBe(200)
  expect((await find('')).total).toBe(before + 1)
})
