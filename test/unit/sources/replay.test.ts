import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { idJson, instrumentOf, rowReader } from '../../../triggers/sources/csv.ts'
import { mergeByTime } from '../../../triggers/sources/merge.ts'
import { replay, tapesOf } from '../../../triggers/sources/replay.ts'
import type { SourceTick } from '../../../triggers/sources/source.ts'

const spy = { exchange: 'nyse', symbol: 'SPY' }
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'))
})
afterAll(() => rm(folder, { recursive: true }))

const file = async (name: string, bytes: string | Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}
const all = async (source: AsyncIterable<readonly SourceTick[]>): Promise<SourceTick[]> => {
  const ticks: SourceTick[] = []
  for await (const chunk of source) ticks.push(...chunk)
  return ticks
}

test('a row becomes the canonical tick, its numbers as printed', () => {
  const read = rowReader('ts_ns,trade_id,price,size,side,recv_ns', spy)

  expect(read('1723161255342999999,3735683259,61837.63000000,0.02000000,sell,1', 2)).toEqual({
    atMs: 1723161255342.999,
    timestamp: 1723161255342,
    subject: 'ticks.nyse.SPY',
    line: '{"timestamp":1723161255342,"exchange":"nyse","symbol":"SPY","price":61837.63000000,"qty":0.02000000,"side":"sell","trade_id":3735683259}',
  })
})

test('an unknown side is left out, and a row is delivered at its arrival where the file has one', () => {
  const read = rowReader('arrival_ns,ts_ns,price,trade_id,size,side', spy)

  const tick = read('1381132800465000000,1381132800464000000,167.41,20131007-0,100,', 2)
  expect(tick.atMs).toBe(1381132800465)
  expect(tick.line).toBe('{"timestamp":1381132800464,"exchange":"nyse","symbol":"SPY","price":167.41,"qty":100,"trade_id":"20131007-0"}')
})

test('a trade without an id is published without one', () => {
  const read = rowReader('ts_ns,trade_id,price,size,side', spy)

  const { line } = read('1381132800464000000,,167.41,100,buy', 2)
  expect(line).toBe('{"timestamp":1381132800464,"exchange":"nyse","symbol":"SPY","price":167.41,"qty":100,"side":"buy"}')
})

test('every id comes back from its JSON as the text it was', () => {
  const ids = fc.oneof(fc.bigInt(0n, 10n ** 20n).map(String), fc.string())
  fc.assert(fc.property(ids, (id) => String(JSON.parse(idJson(id))) === id))
  expect([idJson('9007199254740991'), idJson('9007199254740993'), idJson('007')]).toEqual([
    '9007199254740991',
    '"9007199254740993"',
    '"007"',
  ])
})

test.each(['1,2', 'x,1,1,1', '1381132800464000000,1,NaN,1', '1381132800464000000,1,1,.5'])('the row %s is refused with its line', (row) => {
  expect(() => rowReader('ts_ns,trade_id,price,size', spy)(row, 7)).toThrow(/line 7/)
})

test('a header without prices is refused', () => {
  expect(() => rowReader('ts_ns,trade_id,size', spy)).toThrow(/column price/)
})

test.each([
  ['lean-spy.trades.csv.gz', 'lean', 'SPY'],
  ['binance-spot-btcusdt.disordered.csv.gz', 'binance-spot', 'BTCUSDT'],
  ['binance-spot-xrpeth-agg.trades.csv', 'binance-spot', 'XRPETH'],
  ['coinbase-btcusd-20230905.trades.csv.gz', 'coinbase', 'BTCUSD'],
])('%s is %s %s', (name, exchange, symbol) => expect(instrumentOf(name)).toEqual({ exchange, symbol }))

test('names belong to files in order, one to all, and a number that does not fit is refused', () => {
  const tapes = tapesOf(['a-x.csv', 'b-y.csv'], ['nyse'], ['X', 'BRK.B'])
  expect(tapes.map(({ instrument }) => instrument)).toEqual([
    { exchange: 'nyse', symbol: 'X' },
    { exchange: 'nyse', symbol: 'BRK.B' },
  ])
  expect(() => tapesOf(['a-x.csv'], [], ['X', 'Y'])).toThrow(/2 symbols given for 1 files/)
})

const HEADER = 'ts_ns,trade_id,price,size\r\n'
const row = (ms: number, id: number) => `${ms}000000,${id},1.0,1\r\n`

test('files, gzipped or not, are merged by time, and a replay goes on where an earlier one ended', async () => {
  const paths = [
    await file('a-x.csv', HEADER + row(1000, 1) + row(3000, 2) + row(3000, 3)),
    await file('a-y.csv.gz', gzipSync(HEADER + row(2000, 4) + row(3000, 5) + row(4000, 6).trimEnd())),
  ]
  const ids = async (from?: number) => (await all(replay(tapesOf(paths, [], []), from))).map(({ line }) => JSON.parse(line).trade_id)

  expect(await ids()).toEqual([1, 4, 2, 3, 5, 6])
  expect(await ids(4)).toEqual([5, 6])
})

test('a file that is cut, empty or not there is named', async () => {
  const cut = await file('b-x.csv.gz', gzipSync(HEADER + row(1000, 1).repeat(500)).subarray(0, 60))
  await expect(all(replay(tapesOf([cut], [], [])))).rejects.toThrow(/b-x\.csv\.gz/)
  await expect(all(replay(tapesOf([await file('c-x.csv', '')], [], [])))).rejects.toThrow(/empty/)
  await expect(all(replay(tapesOf([join(folder, 'd-x.csv')], [], [])))).rejects.toThrow(/ENOENT/)
})

test('a merge holds every tick once, each source in its own order, by time, whatever the chunks', async () => {
  const tick = fc.integer({ min: 0, max: 50 })
  const sources = fc.array(fc.array(fc.array(tick, { maxLength: 5 }), { maxLength: 5 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(sources, fc.integer({ min: 1, max: 7 }), async (times, chunkTicks) => {
      const made = times.map((chunks, s) => {
        const sorted = chunks.flat().sort((a, b) => a - b)
        const ticks = sorted.map((atMs, i) => ({ atMs, timestamp: i, subject: `${s}`, line: '' }))
        return chunks.map(({ length }) => ticks.splice(0, length))
      })
      const order = (a: SourceTick, b: SourceTick) => a.atMs - b.atMs || Number(a.subject) - Number(b.subject) || a.timestamp - b.timestamp
      const expected = made.flat(2).sort(order)
      const stream = async function* (chunks: SourceTick[][]) {
        yield* chunks
      }

      const merged = await all(mergeByTime(made.map(stream), chunkTicks))

      expect(merged).toEqual(expected)
    }),
  )
})
