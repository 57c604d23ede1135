import { describe, expect, test } from 'vitest'
import { FeedError } from '../../../../functions/alt-ingest/feeds/fault.ts'
import { FeedsFile } from '../../../../functions/alt-ingest/feeds/feeds.ts'
import type { FeedState } from '../../../../functions/alt-ingest/feeds/state.ts'
import { changed, ingestOn, NOW_MS, rssItem, rssOf, servedFeeds, storingPublisher } from '../../../support/alt-ingest.ts'

const MINUTE = 60_000
const given = {
  source: 'coindesk',
  title: 'Bitcoin rallies on strong demand',
  body: 'Prices rose. The market is confident.',
  ts_ms: 1_697_292_000_000,
}
type Answer = { published: number; documents: Record<string, unknown>[]; errors: { index: number; code: string }[]; code?: string }
const answerOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as Answer) })

describe('a document that is posted', () => {
  test('is published with what was worked out, and its place in the stream is told', async () => {
    const { post, publisher } = ingestOn()

    const answer = await answerOf(await post('news', { ...given, url: 'https://e.com/a' }))

    expect(answer).toMatchObject({ status: 202, published: 1, errors: [] })
    expect(answer.documents).toMatchObject([
      { index: 0, subject: 'alt.norm.news.coindesk', sequence: 1, duplicate: false, lang: 'en', symbols: ['BTC'] },
    ])
    const [doc] = publisher.docs()
    expect(doc).toEqual({
      ...given,
      category: 'news',
      url: 'https://e.com/a',
      symbols: ['BTC'],
      sentiment: expect.any(Number),
      lang: 'en',
      model: 'lexicon-1',
    })
    expect(doc!.sentiment).toBeGreaterThan(0)
    expect(publisher.sent[0]!.headers).toMatchObject({ traceparent: expect.stringMatching(/^00-/) })
  })

  test('twice is one message, also when its texts differ only in what nobody sees', async () => {
    const { post, publisher } = ingestOn()
    await post('news', given)

    const again = await answerOf(await post('news', { ...given, title: ` ${given.title.replace('on', 'o\u200bn')}` }))

    expect(again.documents).toMatchObject([{ sequence: 1, duplicate: true }])
    expect(publisher.sent).toHaveLength(1)
    await post('news', { ...given, body: 'Another text.' })
    expect(publisher.sent).toHaveLength(2)
  })

  test('keeps what it says of itself', async () => {
    const { post, publisher } = ingestOn()
    const own = { symbols: ['eth', 'ETH'], sentiment: -0.5, model: 'mine-2', lang: 'DE' }

    await post('news', { ...given, ...own })
    await post('news', { ...given, title: 'x', symbols: [] })

    expect(publisher.docs()).toMatchObject([{ symbols: ['ETH'], sentiment: -0.5, model: 'mine-2', lang: 'de' }, { symbols: [] }])
  })

  test('that is not English has no sentiment; one that says too little has none either', async () => {
    const { post, publisher } = ingestOn()
    await post('news', { ...given, title: 'Die Zinsen bleiben unverändert', body: 'Die Notenbank lässt den Leitzins, wie er ist.' })
    await post('news', { ...given, title: '8-K', body: '' })
    await post('news', { ...given, title: 'Strong', body: '' })

    expect(publisher.docs().map(({ lang, sentiment, model }) => ({ lang, sentiment, model }))).toEqual([
      { lang: 'de', sentiment: null, model: null },
      { lang: null, sentiment: null, model: null },
      { lang: null, sentiment: 0.2, model: 'lexicon-1' },
    ])
  })

  test('as a page: the page tells its title and date, the query or headers the rest', async () => {
    const { app, publisher } = ingestOn()
    const html = '<meta property="article:published_time" content="2026-01-02T03:04:05Z"><title>A page</title><p>Tesla sold more.</p>'
    const headers = { 'content-type': 'text/html', 'x-document-url': 'https://e.com/p' }

    const response = await app.request('/alt/news?source=blog&ts=2026-01-03', { method: 'POST', headers, body: html })
    await app.request('/alt/news?source=blog', { method: 'POST', headers, body: html })

    expect(response.status).toBe(202)
    expect(publisher.docs()).toMatchObject([
      {
        source: 'blog',
        title: 'A page',
        body: 'Tesla sold more.',
        url: 'https://e.com/p',
        ts_ms: Date.parse('2026-01-03'),
        symbols: ['TSLA'],
      },
      { ts_ms: Date.parse('2026-01-02T03:04:05Z') },
    ])
  })

  test('may have its text as HTML', async () => {
    const { post, publisher } = ingestOn()
    await post('news', { source: 's', html: '<title>T</title><p>One</p><p>Two</p>', published_at: '2026-01-02' })
    expect(publisher.docs()).toMatchObject([{ title: 'T', body: 'One\n\nTwo' }])
  })

  test.each([
    ['nothing to read', { ...given, title: ' \u200b', body: '' }, 422, 'NO_CONTENT'],
    ['no date', { ...given, ts_ms: undefined }, 422, 'BAD_DATE'],
    ['a date that is none', { ...given, ts_ms: 'soon' }, 422, 'BAD_DATE'],
    ['a date far ahead', { ...given, ts_ms: NOW_MS + 365 * 86_400_000 }, 422, 'BAD_DATE'],
    ['no source', { ...given, source: '' }, 400, 'ERR_REQUEST'],
    ['a text that is none', { ...given, title: 7 }, 400, 'ERR_REQUEST'],
    ['a sentiment out of bounds', { ...given, sentiment: 2 }, 400, 'ERR_REQUEST'],
    ['another category', { ...given, category: 'filings' }, 400, 'ERR_REQUEST'],
    ['body and html', { ...given, html: '<p>x' }, 400, 'ERR_REQUEST'],
    ['no object', 'null', 400, 'ERR_REQUEST'],
    ['no JSON', '{', 400, 'ERR_REQUEST'],
    ['an empty list', [], 400, 'ERR_REQUEST'],
    ['too many', Array.from({ length: 101 }, () => given), 400, 'ERR_REQUEST'],
    ['too much text', { ...given, body: 'word '.repeat(210_000) }, 413, 'TOO_LARGE'],
    ['too large a body', { ...given, body: 'word '.repeat(900_000) }, 413, 'ERR_TOO_LARGE'],
  ])('is refused: %s', async (_, body, status, code) => {
    const { post, publisher } = ingestOn()
    expect(await answerOf(await post('news', body))).toMatchObject({ status, code })
    expect(publisher.sent).toEqual([])
  })

  test('is refused for its category or its content type', async () => {
    const { post } = ingestOn()
    expect((await post('no%20such', given)).status).toBe(400)
    expect((await post('news', 'text', { 'content-type': 'text/plain' })).status).toBe(400)
    expect((await post('news', '<p>x', { 'content-type': 'text/html; charset=klingon' })).status).toBe(400)
  })

  test('that is larger than a message may be is refused, as text of many marks may become', async () => {
    const { post } = ingestOn({ publisher: storingPublisher(1_000) })
    expect(await answerOf(await post('news', { ...given, body: '"\\'.repeat(400) }))).toMatchObject({ status: 413, code: 'TOO_LARGE' })
  })
})

describe('a list of documents', () => {
  test('is published without those that cannot be, which are named', async () => {
    const { post, publisher } = ingestOn()
    const answer = await answerOf(await post('news', [given, { ...given, title: '', body: '' }, 7, { ...given, title: 'Another' }]))

    expect(answer).toMatchObject({
      status: 202,
      published: 2,
      errors: [
        { index: 1, code: 'NO_CONTENT' },
        { index: 2, code: 'ERR_REQUEST' },
      ],
    })
    expect(answer.documents.map(({ index }) => index)).toEqual([0, 3])
    expect(publisher.sent).toHaveLength(2)
    expect(await answerOf(await post('news', [7]))).toMatchObject({ status: 422, published: 0 })
  })

  test('while the broker is away it is 503; sent again, what was stored is no second message', async () => {
    const { post, publisher } = ingestOn()
    const list = [given, { ...given, title: 'Another' }]
    publisher.refuseAfter(1)
    expect(await answerOf(await post('news', list))).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })

    publisher.refuseAfter(99)
    const answer = await answerOf(await post('news', list))

    expect(answer.documents).toMatchObject([{ duplicate: true }, { duplicate: false }])
    expect(publisher.sent).toHaveLength(2)
  })
})

const { feeds } = FeedsFile.parse({
  feeds: [
    { name: 'one', url: 'https://one.example/', category: 'news', source: 'one.example', every: '10m', symbols: ['XYZ'] },
    { name: 'two', url: 'https://two.example/', category: 'filings', every: '10m' },
    { name: 'off', url: 'https://off.example/', category: 'news', enabled: false },
  ],
})
const quiet = () => changed(rssOf([]))

describe('feeds', () => {
  test('are read when they are due, and what is new is published once, the oldest first', async () => {
    let items = [rssItem('b'), rssItem('a')]
    const { fetch, asked } = servedFeeds({
      'https://one.example/': () => changed(rssOf(items), { etag: '"1"' }),
      'https://two.example/': quiet,
    })
    const { at, publisher } = ingestOn({ feeds, fetch })

    for (const minutes of [0, 1, 9]) expect((await at(NOW_MS + minutes * MINUTE)).status).toBe(200)
    items = [rssItem('c'), ...items]
    await at(NOW_MS + 10 * MINUTE)

    expect(publisher.docs().map(({ title }) => title)).toEqual(['Title a', 'Title b', 'Title c'])
    expect(publisher.docs()[0]).toMatchObject({
      category: 'news',
      source: 'one.example',
      body: 'Words of a.',
      url: 'https://example.com/a',
      symbols: ['XYZ'],
    })
    expect(asked.filter(({ url }) => url === 'https://one.example/').map(({ validators }) => validators)).toEqual([{}, { etag: '"1"' }])
    expect(asked.some(({ url }) => url === 'https://off.example/')).toBe(false)
  })

  test('one that has not changed stays as it was', async () => {
    let first = true
    const answers = () => {
      if (!first) return { kind: 'unchanged' } as const
      first = false
      return changed(rssOf([rssItem('a')]), { lastModified: 'yesterday' })
    }
    const { fetch, asked } = servedFeeds({ 'https://one.example/': answers, 'https://two.example/': quiet })
    const { at, publisher } = ingestOn({ feeds, fetch })
    for (const minutes of [0, 10, 20]) await at(NOW_MS + minutes * MINUTE)

    expect(publisher.sent).toHaveLength(1)
    expect(asked.filter(({ url }) => url.includes('one')).at(-1)!.validators).toEqual({ lastModified: 'yesterday' })
  })

  test('one that fails holds up no other, is left alone for longer, and told of', async () => {
    const { fetch, asked } = servedFeeds({
      'https://one.example/': () => new FeedError('timeout', 'too slow'),
      'https://two.example/': () => changed(rssOf([rssItem('a')])),
    })
    const { at, publisher, app } = ingestOn({ feeds, fetch })
    for (const minutes of [0, 10, 20, 29]) expect((await at(NOW_MS + minutes * MINUTE)).status).toBe(200)

    expect(publisher.sent).toHaveLength(1)
    expect(asked.filter(({ url }) => url.includes('one'))).toHaveLength(2)
    const metrics = await (await app.request('/metrics')).text()
    expect(metrics).toMatch(/alt_feed_reads_total\{feed="one",outcome="timeout",[^}]*\} 2/)
    expect(metrics).toMatch(/alt_feed_failures\{feed="one",[^}]*\} 2/)
    expect(metrics).toMatch(/alt_feed_failures\{feed="two",[^}]*\} 0/)
  })

  test('an entry that makes no document is counted once, and the others are published', async () => {
    const items = [rssItem('bad', 'Bad', 'some day'), rssItem('good'), rssItem('deep').replace('&lt;p&gt;', '&lt;div&gt;'.repeat(2_000))]
    const { fetch } = servedFeeds({ 'https://one.example/': () => changed(rssOf(items)), 'https://two.example/': quiet })
    const { at, publisher, app } = ingestOn({ feeds, fetch })
    for (const minutes of [0, 10]) await at(NOW_MS + minutes * MINUTE)

    expect(publisher.docs().map(({ title }) => title)).toEqual(['Title good'])
    const metrics = await (await app.request('/metrics')).text()
    for (const code of ['BAD_DATE', 'ERR_LIMIT'])
      expect(metrics).toMatch(new RegExp(`alt_documents_total\\{from="feed",outcome="${code}",[^}]*\\} 1`))
  })

  test('while the broker is away the call is 503, and what it did not take is published by the next', async () => {
    const { fetch, asked } = servedFeeds({
      'https://one.example/': () => changed(rssOf([rssItem('b'), rssItem('a')])),
      'https://two.example/': quiet,
    })
    const { at, publisher } = ingestOn({ feeds, fetch })
    publisher.refuseAfter(1)
    expect((await at(NOW_MS)).status).toBe(503)
    publisher.refuseAfter(99)
    expect((await at(NOW_MS + MINUTE)).status).toBe(200)

    expect(publisher.docs().map(({ title }) => title)).toEqual(['Title a', 'Title b'])
    expect(asked.filter(({ url }) => url.includes('one'))).toHaveLength(2)
  })

  test('that was published when the process died, before it was written down, is published again under the same ids', async () => {
    const { fetch } = servedFeeds({ 'https://one.example/': () => changed(rssOf([rssItem('b'), rssItem('a')])) })
    const { store, publisher, at } = ingestOn({ feeds: feeds.slice(0, 1), fetch })
    const { replace } = store
    store.replace = async () => {
      throw new Error('dead')
    }
    expect((await at(NOW_MS)).status).toBe(500)
    store.replace = replace
    const other = ingestOn({ feeds: feeds.slice(0, 1), fetch, store, publisher })
    for (const minutes of [1, 2, 12]) expect((await other.at(NOW_MS + minutes * MINUTE)).status).toBe(200)

    expect(publisher.sent).toHaveLength(2)
    const metrics = await (await other.app.request('/metrics')).text()
    expect(metrics).toMatch(/alt_documents_total\{from="feed",outcome="duplicate",[^}]*\} 2/)
  })

  test('one that somebody reads is not read beside; after two minutes he is given up', async () => {
    const hung = Promise.withResolvers<never>()
    const { store, publisher, at } = ingestOn({ feeds: feeds.slice(0, 1), fetch: () => hung.promise })
    void at(NOW_MS)
    while (!store.values.has('alt-feed.one')) await new Promise(setImmediate)
    const { fetch, asked } = servedFeeds({ 'https://one.example/': () => changed(rssOf([rssItem('a')])) })
    const other = ingestOn({ feeds: feeds.slice(0, 1), fetch, store, publisher })

    await other.at(NOW_MS + MINUTE)
    expect(asked).toHaveLength(0)
    await other.at(NOW_MS + 2 * MINUTE)
    expect(publisher.sent).toHaveLength(1)
    hung.reject(new FeedError('timeout', 'at last'))
    await new Promise(setImmediate)
    expect((store.values.get('alt-feed.one')!.value as FeedState).failures).toBe(0)
  })

  test('of more than 500 new entries the newest wait for the next time, and nothing is lost', async () => {
    const items = Array.from({ length: 900 }, (_, i) => rssItem(`${900 - i}`))
    const { fetch, asked } = servedFeeds({ 'https://one.example/': () => changed(rssOf(items), { etag: '"x"' }) })
    const { at, publisher } = ingestOn({ feeds: feeds.slice(0, 1), fetch })
    await at(NOW_MS)
    expect(publisher.sent).toHaveLength(500)
    await at(NOW_MS + MINUTE)
    await at(NOW_MS + 2 * MINUTE)

    expect(publisher.docs().map(({ title }) => title)).toEqual(Array.from({ length: 900 }, (_, i) => `Title ${i + 1}`))
    expect(asked.map(({ validators }) => validators)).toEqual([{}, {}])
  })

  test('at another address nothing is known of it', async () => {
    const { fetch, asked } = servedFeeds({
      'https://one.example/': () => changed(rssOf([rssItem('a')]), { etag: '"1"' }),
      'https://new.example/': quiet,
    })
    const { store, at } = ingestOn({ feeds: feeds.slice(0, 1), fetch })
    await at(NOW_MS)
    await ingestOn({ feeds: [{ ...feeds[0]!, url: 'https://new.example/' }], fetch, store }).at(NOW_MS + MINUTE)
    expect(asked.at(-1)).toEqual({ url: 'https://new.example/', validators: {} })
  })
})
