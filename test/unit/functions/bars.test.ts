import { expect, test } from 'vitest'
import { bars } from '../../../functions/bars/handler.ts'
import type { Bar } from '../../../shared/contract/bar.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import { addReadiness } from '../../../shared/runtime/function.ts'
import { bar, MINUTE_MS } from '../../support/bar.ts'
import { memoryBarTable } from '../../support/memory-bar-table.ts'

const at = (minute: number, fields: Partial<Bar> = {}) => bar({ timestamp: MINUTE_MS + minute * 60_000, ...fields })

async function withBars(...stored: Bar[]) {
  const table = memoryBarTable()
  await table.write(stored)
  const app = bars(table)
  const get = async (path: string, accept = 'application/json') => {
    const res = await app.request(path, { headers: { accept } })
    return { status: res.status, headers: res.headers, text: await res.clone().text(), json: () => res.json() as Promise<Answer> }
  }
  return { table, get }
}
type Answer = { symbol: string; interval: string; bars: Bar[]; next: string | null; code?: string; detail?: string }

test('without a span the newest bars come, ascending', async () => {
  const { get } = await withBars(at(0), at(1), at(2))
  const answer = await (await get('/BTCUSDT?limit=2')).json()
  expect(answer).toEqual({ symbol: 'BTCUSDT', interval: '1m', bars: [at(1), at(2)], next: `?limit=2&to=${MINUTE_MS + 60_000}` })
})

test('following `next` visits every bar once, in both directions', async () => {
  const stored = Array.from({ length: 7 }, (_, i) => at(i))
  const { get } = await withBars(...stored)
  const walk = async (query: string): Promise<Bar[][]> => {
    const { bars, next } = await (await get(`/BTCUSDT${query}`)).json()
    return [bars, ...(next ? await walk(next) : [])]
  }
  expect(await walk(`?limit=3&from=${MINUTE_MS}`)).toEqual([stored.slice(0, 3), stored.slice(3, 6), stored.slice(6)])
  expect(await walk('?limit=3')).toEqual([stored.slice(4), stored.slice(1, 4), stored.slice(0, 1)])
  expect(await walk(`?limit=3&fill=previous&to=${MINUTE_MS + 5 * 60_000}`)).toEqual([stored.slice(2, 5), stored.slice(0, 2)])
})

test('times are ms or ISO 8601, with or without a zone', async () => {
  const { get } = await withBars(at(0), at(1), at(2))
  for (const from of [
    MINUTE_MS + 60_000,
    '2023-10-14T14:01',
    '2023-10-14T14:01:00Z',
    '2023-10-14T14:01:00.000000Z',
    '2023-10-14T16:01:00%2B02:00',
    '2023-10-14T16:01:00+02:00',
  ]) {
    expect((await (await get(`/BTCUSDT?from=${from}&to=2023-10-14T14:02:00Z`)).json()).bars).toEqual([at(1)])
  }
  expect((await (await get('/BTCUSDT?from=2023-10-14&to=2023-10-15')).json()).bars).toHaveLength(3)
})

test.each([
  ['interval=2m', 'interval'],
  ['limit=0', 'limit'],
  ['limit=10001', 'limit'],
  ['limit=1.5', 'limit'],
  ['from=yesterday', 'from'],
  ['from=-1', 'from'],
  ['to=2023-13-01', 'to'],
  ['from=99999999999999999', 'from'],
  ['from=2&to=2', 'to'],
  ['fill=zero', 'fill'],
  ['format=xml', 'format'],
  ['interwal=1m', 'interwal'],
])('%s is refused by name', async (query, name) => {
  const { get } = await withBars(at(0))
  const res = await get(`/BTCUSDT?${query}`)
  expect(res.status).toBe(400)
  expect(res.headers.get('content-type')).toBe('application/problem+json')
  expect(await res.json()).toMatchObject({ code: 'ERR_REQUEST', detail: expect.stringContaining(name) })
})

test('a symbol is decoded from the path', async () => {
  const { get } = await withBars(...['BTC/USDT:USDT', 'BRK.B', "O'X 1", '50%', 'ü'].map((symbol) => at(0, { symbol })))
  for (const path of ['/BTC%2FUSDT%3AUSDT', '/BTC/USDT:USDT', '/BRK.B', '/BRK%2EB', '/O%27X%201', '/50%25', '/%C3%BC']) {
    expect([path, (await get(path)).status]).toEqual([path, 200])
  }
})

test('an unknown symbol is not found; a known one may have no bars in a span', async () => {
  const { get } = await withBars(at(0))
  expect((await get('/NOPE')).status).toBe(404)
  expect(await (await get('/NOPE')).json()).toMatchObject({ code: 'ERR_NOT_FOUND' })
  expect((await get('/BTCUSDT?interval=1h')).status).toBe(404)
  expect(await (await get('/BTCUSDT?to=1000')).json()).toMatchObject({ bars: [], next: null })
  expect((await get(`/${'x'.repeat(300)}`)).status).toBe(400)
  expect((await get('/a%00b')).status).toBe(400)
})

test('readiness is no symbol', async () => {
  const app = bars(memoryBarTable())
  addReadiness(app, [])
  expect(await (await app.request('/_/ready')).text()).toBe('ready')
})

test('a table that is away is 503', async () => {
  const { table, get } = await withBars(at(0))
  table.away = true
  expect(await (await get('/BTCUSDT')).json()).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
})

test('CSV by header or by name, in full precision', async () => {
  const { get } = await withBars(at(0, { open: 0.1 + 0.2, vwap: null, first_id: 'a,"b"', version: versionOf(1, 7) }))
  const header =
    'timestamp,symbol,exchange,interval,open,high,low,close,volume,quote_volume,trades,buy_volume,sell_volume,vwap,close_ms,first_ms,first_id,last_ms,last_id,closed,rev,version'
  const row = `${MINUTE_MS},BTCUSDT,binance,1m,0.30000000000000004,45010.5,44990.25,45005,1.5,67507.5,3,1,0.5,,${MINUTE_MS + 59_999},${MINUTE_MS + 5},"a,""b""",${MINUTE_MS + 59_000},123458,true,0,1099511627783`
  for (const res of [await get('/BTCUSDT', 'text/csv'), await get('/BTCUSDT?format=csv')]) {
    expect(res.headers.get('content-type')).toContain('text/csv')
    expect(res.text).toBe(`${header}\r\n${row}\r\n`)
  }
  expect((await get('/BTCUSDT?format=json', 'text/csv')).text).toContain('{"symbol"')
  expect((await get('/BTCUSDT?format=csv&from=0', 'text/csv')).headers.get('link')).toBeNull()
})

const empty = (minute: number, before: Bar) => ({
  ...at(minute),
  ...{ open: before.close, high: before.close, low: before.close, close: before.close, volume: 0, quote_volume: 0, trades: 0 },
  ...{
    buy_volume: 0,
    sell_volume: 0,
    vwap: null,
    first_ms: before.last_ms,
    first_id: before.last_id,
    last_ms: before.last_ms,
    last_id: before.last_id,
  },
  version: before.version,
})

test('fill=previous puts empty bars between stored ones, never before the first nor after the newest', async () => {
  const [first, second] = [at(2, { close: 7 }), at(5, { close: 9 })]
  const { get } = await withBars(first, second)
  const filled = [first, empty(3, first), empty(4, first), second]
  const answer = async (query: string) => (await (await get(`/BTCUSDT?fill=previous&${query}`)).json()).bars
  const minute = (n: number) => MINUTE_MS + n * 60_000
  expect(await answer('')).toEqual(filled)
  expect(await answer(`from=${minute(0)}&to=${minute(9)}`)).toEqual(filled)
  expect(await answer(`from=${minute(3)}`)).toEqual(filled.slice(1))
  expect(await answer(`to=${minute(4)}`)).toEqual(filled.slice(0, 2))
  expect(await answer(`from=${minute(3) - 1}&to=${minute(4) + 1}`)).toEqual(filled.slice(1, 3))
  expect(await answer(`from=${minute(6)}`)).toEqual([])
  expect(await answer(`to=${minute(1)}`)).toEqual([])
})

test('a long gap is paged like stored bars', async () => {
  const [first, second] = [at(0), at(1000)]
  const { get } = await withBars(first, second)
  const starts = async (query: string): Promise<number[]> => {
    const { bars, next } = await (await get(`/BTCUSDT${query}`)).json()
    return [...bars.map(({ timestamp }) => (timestamp - MINUTE_MS) / 60_000), ...(next ? await starts(next) : [])]
  }
  const all = Array.from({ length: 1001 }, (_, i) => i)
  expect(await starts(`?fill=previous&limit=300&from=${MINUTE_MS}`)).toEqual(all)
  expect((await starts('?fill=previous&limit=300')).toSorted((a, b) => a - b)).toEqual(all)
})

test('filling needs one exchange', async () => {
  const { get } = await withBars(at(0), at(1, { exchange: 'kraken' }), at(2))
  expect(await (await get('/BTCUSDT?fill=previous')).json()).toMatchObject({
    code: 'ERR_REQUEST',
    detail: expect.stringContaining('kraken'),
  })
  expect((await (await get('/BTCUSDT?fill=previous&exchange=binance')).json()).bars).toHaveLength(3)
  expect((await (await get('/BTCUSDT')).json()).bars.map(({ exchange }) => exchange)).toEqual(['binance', 'kraken', 'binance'])
})
