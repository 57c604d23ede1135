import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { blocksOf } from '../../../functions/alt-ingest/feeds/address.ts'
import { type Feed, FeedsFile } from '../../../functions/alt-ingest/feeds/feeds.ts'
import { fetchFeed } from '../../../functions/alt-ingest/feeds/fetch.ts'
import { altIngest } from '../../../functions/alt-ingest/handler.ts'
import { applyNats } from '../../../infra/storage/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../../shared/adapters/nats/control.ts'
import { natsStoringPublisher } from '../../../shared/adapters/nats/storing-publisher.ts'
import { natsStream } from '../../../shared/adapters/nats/stream.ts'
import { AltDoc } from '../../../shared/contract/alt-doc.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { rssItem, rssOf, shippedAliases } from '../../support/alt-ingest.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

const WAIT = { timeout: 60_000, interval: 50 }
const given = { source: 'coindesk', title: 'Bitcoin rallies', body: 'Strong demand.', ts_ms: 1_697_292_000_000 }

let servers: TestServers
let nats: Nats
/** What the feed lists now, the newest first. */
let items: string[] = []
let requests = 0
const web = createServer((_, res) => {
  requests++
  res.writeHead(200, { 'content-type': 'application/rss+xml' }).end(rssOf(items))
})

beforeAll(async () => {
  servers = await startServers({ nats: true })
  await applyNats(servers.urls.NATS_URL)
  nats = connectNats(servers.urls, 'test')
  await nats.there()
  await once(web.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  web.closeAllConnections()
  web.close()
  await nats?.close()
  await servers?.stop()
})

const replica = (feeds: readonly Feed[] = []) =>
  altIngest({
    publisher: natsStoringPublisher(nats),
    store: natsControl(nats),
    fetch: (url, validators) =>
      fetchFeed(url, validators, { agent: 'test', allowed: blocksOf('127.0.0.1'), timeoutMs: 20_000, mostBytes: 1024 * 1024 }),
    feeds,
    aliases: shippedAliases(),
  })
const post = (body: unknown) =>
  replica().request('/alt/news', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
const stored = async () => {
  const stream = natsStream(nats, STREAMS.ALT_DATA.name)
  const { last } = await stream.state()
  const messages = await Promise.all(Array.from({ length: last }, (_, i) => stream.message(i + 1)))
  return messages.map((message) => ({ subject: message!.subject, doc: AltDoc.parse(JSON.parse(Buffer.from(message!.data).toString())) }))
}

describe('what is posted', () => {
  test('lies in the stream under its subject when it is answered; posted again it is no second message', async () => {
    const first = await (await post({ ...given, source: 'coin desk.com' })).json()
    const again = await (await post({ ...given, source: 'coin desk.com' })).json()

    expect(first).toMatchObject({ documents: [{ sequence: 1, duplicate: false }] })
    expect(again).toMatchObject({ documents: [{ sequence: 1, duplicate: true }] })
    expect(await stored()).toMatchObject([
      { subject: 'alt.norm.news.coin%20desk%2Ecom', doc: { ...given, source: 'coin desk.com', symbols: ['BTC'], lang: 'en' } },
    ])
  })

  test('may be as large as the broker takes, and no larger', async () => {
    const most = (await nats.connection).info!.max_payload
    const statusOf = async (bytes: number) => (await post({ ...given, body: 'a'.repeat(bytes) })).status
    expect(await statusOf(most - 1_500)).toBe(202)
    expect(await statusOf(most - 100)).toBe(413)
  })
})

describe('a feed', () => {
  const feedsAt = (name: string) =>
    FeedsFile.parse({
      feeds: [
        { name, source: name, category: 'news', every: '1m', url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/${name}` },
      ],
    }).feeds
  const at = (app: ReturnType<typeof replica>, minute: number) => {
    const time = new Date(Date.parse('2026-01-02T03:00:00Z') + minute * 60_000).toISOString()
    return app.request('/', { method: 'POST', headers: { 'x-scheduled-time': time } })
  }
  const titlesOf = async (source: string) => (await stored()).filter(({ doc }) => doc.source === source).map(({ doc }) => doc.title)

  test('is read by one of two replicas that are called for the same instant, and goes on with the other', async () => {
    const feeds = feedsAt('shared')
    const [one, other] = [replica(feeds), replica(feeds)]
    items = [rssItem('b', 'Second', '2 Jan 2026 02:01 GMT'), rssItem('a', 'First', '2 Jan 2026 02:00 GMT')]
    requests = 0
    expect((await Promise.all([at(one, 0), at(other, 0)])).map(({ status }) => status)).toEqual([200, 200])
    expect(requests).toBe(1)
    items = [rssItem('c', 'Third', '2 Jan 2026 02:02 GMT'), ...items]
    await at(other, 1)
    await at(one, 2)

    expect(await titlesOf('shared')).toEqual(['First', 'Second', 'Third'])
    expect(requests).toBe(3)
  })

  test('waits while NATS is away, and is read when it is back', async () => {
    const app = replica(feedsAt('later'))
    items = [rssItem('x', 'Late', '2 Jan 2026 02:00 GMT')]
    await servers.processes.nats.kill('SIGKILL')
    await vi.waitFor(async () => expect(await nats.ready()).toBe(false), WAIT)
    expect((await at(app, 0)).status).toBe(503)
    expect((await post(given)).status).toBe(503)

    await vi.waitFor(async () => expect((await at(app, 1)).status).toBe(200), WAIT)
    expect(await titlesOf('later')).toEqual(['Late'])
  })
})
