import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksOf } from '../../../functions/alt-ingest/feeds/address.ts'
import { type FetchSettings, fetchFeed } from '../../../functions/alt-ingest/feeds/fetch.ts'
import type { Lookup } from '../../../functions/alt-ingest/feeds/lookup.ts'
import { rssItem, rssOf } from '../../support/alt-ingest.ts'

const feed = rssOf([rssItem('a')])
const asked: string[] = []
/** How many bytes of the bomb were taken from the server. */
let bombBytes = 0

const xml = { 'content-type': 'application/rss+xml; charset=utf-8' }
const routes: Record<string, RequestListener> = {
  '/feed': (req, res) => {
    if (req.headers['if-none-match'] === '"1"') return void res.writeHead(304).end()
    res.writeHead(200, { ...xml, etag: '"1"', 'last-modified': 'Fri, 20 Nov 2026 10:00:00 GMT' }).end(feed)
  },
  '/gzip': (_, res) => void res.writeHead(200, { ...xml, 'content-encoding': 'gzip' }).end(gzipSync(feed)),
  '/br': (_, res) => void res.writeHead(200, { ...xml, 'content-encoding': 'br' }).end(brotliCompressSync(feed)),
  '/huge': (_, res) => void res.writeHead(200, xml).end('x'.repeat(2 * 1024 * 1024)),
  // A hundred thousand times what it weighs: it would be a gigabyte.
  '/bomb': (_, res) => {
    res.writeHead(200, { ...xml, 'content-encoding': 'gzip' })
    const gzip = createGzip()
    gzip.on('error', () => {}).pipe(res)
    const zeros = Buffer.alloc(1024 * 1024)
    res.on('close', () => gzip.destroy())
    const fill = () => {
      while (!gzip.destroyed && bombBytes < 1024 * zeros.length) {
        bombBytes += zeros.length
        if (!gzip.write(zeros)) return void gzip.once('drain', fill)
      }
      gzip.end()
    }
    fill()
  },
  '/broken-gzip': (_, res) => void res.writeHead(200, { ...xml, 'content-encoding': 'gzip' }).end(feed),
  '/cut-gzip': (_, res) => void res.writeHead(200, { ...xml, 'content-encoding': 'gzip' }).end(gzipSync(feed).subarray(0, 60)),
  '/odd-encoding': (_, res) => void res.writeHead(200, { ...xml, 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync(feed))),
  '/page': (_, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sorry'),
  '/gone': (_, res) => void res.writeHead(410).end(),
  '/busy': (_, res) => void res.writeHead(503, { 'retry-after': '120' }).end(),
  '/silent': () => {},
  '/drip': (_, res) => {
    res.writeHead(200, xml)
    const timer = setInterval(() => res.write(' '), 20)
    res.on('close', () => clearInterval(timer))
  },
  '/cut': (_, res) => {
    res.writeHead(200, { ...xml, 'content-length': feed.length })
    res.write(feed.slice(0, 10), () => res.destroy())
  },
  '/moved': (_, res) => void res.writeHead(301, { location: '/feed' }).end(),
  '/circle': (_, res) => void res.writeHead(302, { location: '/circle' }).end(),
  '/nowhere': (_, res) => void res.writeHead(302).end(),
  '/to-file': (_, res) => void res.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/to-other-loopback': (req, res) => void res.writeHead(302, { location: `http://127.0.0.2:${req.socket.localPort}/feed` }).end(),
  '/to-mapped': (req, res) => void res.writeHead(302, { location: `http://[::ffff:127.0.0.2]:${req.socket.localPort}/feed` }).end(),
  '/to-name': (req, res) => void res.writeHead(302, { location: `http://inside.test:${req.socket.localPort}/feed` }).end(),
  '/big-head': (_, res) => void res.writeHead(200, { ...xml, 'x-much': 'x'.repeat(100_000) }).end(feed),
}

const server = createServer((req, res) => {
  asked.push(`${req.headers.host} ${req.url}`)
  routes[req.url!]!(req, res)
})
let port = 0
beforeAll(async () => {
  // On all addresses: what is not asked was refused here, not there.
  await once(server.listen(0, '0.0.0.0'), 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const LOCAL = blocksOf('127.0.0.1')
const lookup: Lookup = (host, found) => {
  const address = { 'inside.test': '10.0.0.1', 'allowed.test': '127.0.0.1', 'hidden.test': '127.0.0.2' }[host]
  const all = (host === 'both.test' ? ['127.0.0.1', '10.0.0.1'] : [address!]).map((one) => ({ address: one, family: 4 }))
  found(null, all)
}
const get = (path: string, more: Partial<FetchSettings> = {}, host = '127.0.0.1', validators = {}) =>
  fetchFeed(`http://${host}:${port}${path}`, validators, {
    agent: 'test',
    allowed: LOCAL,
    timeoutMs: 20_000,
    mostBytes: 1024 * 1024,
    lookup,
    ...more,
  })

describe('a feed', () => {
  test.each(['/feed', '/gzip', '/br', '/moved'])('is fetched: %s', async (path) => {
    const fetched = await get(path)
    if (fetched.kind !== 'changed') throw new Error('not changed')
    expect(Buffer.from(fetched.body).toString()).toBe(feed)
    expect(fetched.url).toBe(`http://127.0.0.1:${port}${path === '/moved' ? '/feed' : path}`)
  })

  test('that has not changed is not sent again', async () => {
    const { etag, lastModified } = (await get('/feed')) as { etag?: string; lastModified?: string }
    expect({ etag, lastModified }).toEqual({ etag: '"1"', lastModified: 'Fri, 20 Nov 2026 10:00:00 GMT' })
    expect(await get('/feed', {}, '127.0.0.1', { etag, lastModified })).toEqual({ kind: 'unchanged' })
  })

  test.each([
    ['/huge', 'too-large'],
    ['/broken-gzip', 'encoding'],
    ['/cut-gzip', 'encoding'],
    ['/odd-encoding', 'encoding'],
    ['/page', 'content-type'],
    ['/gone', 'status'],
    ['/cut', 'unreachable'],
    ['/big-head', 'unreachable'],
    ['/circle', 'redirects'],
    ['/nowhere', 'redirects'],
    ['/to-file', 'refused'],
    ['/to-other-loopback', 'refused'],
    ['/to-mapped', 'refused'],
    ['/to-name', 'refused'],
  ])('that cannot be read says why: %s, %s', async (path, fault) => {
    await expect(get(path)).rejects.toMatchObject({ name: 'FeedError', fault })
  })

  test.each(['/silent', '/drip'])('that takes too long is given up: %s', async (path) => {
    await expect(get(path, { timeoutMs: 300 })).rejects.toMatchObject({ fault: 'timeout' })
  })

  test('that unfolds to a gigabyte is broken off at its limit', async () => {
    const before = process.memoryUsage().rss
    await expect(get('/bomb')).rejects.toMatchObject({ fault: 'too-large' })
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024)
    // The server stops when nobody reads on.
    const sent = bombBytes
    expect(sent).toBeLessThan(1024 * 1024 * 1024)
  })

  test('whose server asks to be left alone says for how long', async () => {
    await expect(get('/busy')).rejects.toMatchObject({ fault: 'status', retryAfterMs: 120_000 })
  })

  test('whose server is not there', async () => {
    await expect(
      fetchFeed('http://127.0.0.1:1/', {}, { agent: 'test', allowed: LOCAL, timeoutMs: 5_000, mostBytes: 10 }),
    ).rejects.toMatchObject({ fault: 'unreachable' })
  })
})

describe('an address that is not public is not asked', () => {
  test.each([
    '127.0.0.2',
    '2130706434',
    '0x7f.2',
    '[::ffff:127.0.0.2]',
    '[::1]',
    '0.0.0.0',
    'localhost',
    'hidden.test',
    'inside.test',
    'both.test',
  ])('%s', async (host) => {
    asked.length = 0
    const system = host === 'localhost' ? { allowed: [], lookup: undefined as never } : {}
    await expect(get('/feed', system, host)).rejects.toMatchObject({ fault: 'refused' })
    expect(asked).toEqual([])
  })

  test('but where its block is allowed, by name as well', async () => {
    expect(await get('/feed', {}, 'allowed.test')).toMatchObject({ kind: 'changed' })
    await expect(get('/feed', { allowed: [] }, 'allowed.test')).rejects.toMatchObject({ fault: 'refused' })
  })

  test('a name that is public when asked first and private afterwards is looked at each time', async () => {
    let times = 0
    const rebinding: Lookup = (_, found) => found(null, [{ address: times++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }])
    expect(await get('/feed', { lookup: rebinding }, 'rebind.test')).toMatchObject({ kind: 'changed' })
    asked.length = 0
    await expect(get('/feed', { lookup: rebinding }, 'rebind.test')).rejects.toMatchObject({ fault: 'refused' })
    expect(asked).toEqual([])
    expect(times).toBe(2)
  })
})
