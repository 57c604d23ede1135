import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { flushBatch } from '../../../functions/flush-batch/handler.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { Table } from '../../../shared/delta/table.ts'
import { tickTable } from '../../../shared/lake/tick-table.ts'
import { tradesOf } from '../../support/lake-query.ts'
import { deltaOracle } from '../../support/oracle/oracle.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'
import { tickBatch } from '../../support/tick-batch.ts'

let s3: TestS3
let oracle: Awaited<ReturnType<typeof deltaOracle>>
let number = 0
let key = ''
beforeAll(async () => {
  s3 = await startS3()
  oracle = await deltaOracle(s3.url)
})
afterAll(() => s3?.stop())
beforeEach(() => {
  key = `tests/flush-${number++}`
})

const started = (deadLetters = recordingPublisher(), flushRows = 1_000_000) =>
  flushBatch(
    { table: new Table(tickTable(key, 'dt', 'snappy'), s3.store, parquet), deadLetters },
    { stream: STREAMS.MARKET_TICKS, futureMs: 5000, flushMs: 3_600_000, flushRows, flushBytes: 2 ** 30, patienceMs: 5000 },
  )

const START_MS = Date.parse('2026-11-20T23:59:50Z')
const post = (app: ReturnType<typeof started>, body: Uint8Array) => app.request('/', { method: 'POST', body })

const SUMS = `SELECT dt, count(*) n, sum(qty) qty, sum(stream_seq) seqs, min(price) low, max(price) high FROM t GROUP BY dt ORDER BY dt`

test('ticks of two days in, one commit, read by delta-rs with right counts, sums and positions', async () => {
  const app = started()
  expect((await post(app, tickBatch(tradesOf(1, 100)))).status).toBe(200)
  expect((await post(app, tickBatch(tradesOf(101, 300)))).status).toBe(200)
  await app.rows.close()

  const { version, files, rows } = await oracle.query(key, SUMS)
  expect({ version, files }).toEqual({ version: 0, files: 2 })
  const of = (from: number, to: number) => tradesOf(from, to).map(({ seq }) => seq)
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  expect(rows).toEqual([
    { dt: '2026-11-20', n: 99, qty: sum(of(1, 99)) / 4, seqs: sum(of(1, 99)), low: 100.125, high: 100 + 99 / 8 },
    { dt: '2026-11-21', n: 201, qty: sum(of(100, 300)) / 4, seqs: sum(of(100, 300)), low: 112.5, high: 137.5 },
  ])
  expect(await oracle.txns(key, ['flush-batch/MARKET_TICKS/e1/0-15', 'flush-batch/MARKET_TICKS/e1/0-15/ns'])).toEqual({
    'flush-batch/MARKET_TICKS/e1/0-15': '300',
    'flush-batch/MARKET_TICKS/e1/0-15/ns': '300',
  })
})

test('what only some of the rows have, delta-rs reads as null in the others: ids, sides, quotes', async () => {
  const tick = (seq: number) => {
    const place = { timestamp: START_MS + seq, symbol: 'SPY' }
    if (seq % 4 === 0) return { ...place, bid: seq / 8, ask: seq / 4 }
    return { ...place, price: 100 + seq, qty: seq % 5, ...(seq % 4 === 1 && { side: 'sell' }), trade_id: seq % 3 ? `20131007-${seq}` : seq }
  }
  const mixed = Array.from({ length: 2000 }, (_, i) => ({
    seq: i + 1,
    subject: 'ticks.lean.SPY',
    text: JSON.stringify(tick(i + 1)),
    brokerMs: START_MS + i,
  }))
  const app = started()
  expect((await post(app, tickBatch(mixed))).status).toBe(200)
  await app.rows.close()

  const refs = mixed.map(({ seq }) => (tick(seq) as { trade_id?: string | number }).trade_id).filter((id) => typeof id === 'string')
  const { rows } = await oracle.query(
    key,
    `SELECT count(bid) bids, sum(ask) asks, count(price) prices, sum(qty) qty, count(side) sides, count(trade_id) ids, sum(trade_id) id_sum,
      count(DISTINCT trade_ref) refs, min(trade_ref) low, max(trade_ref) high, count(DISTINCT kind) kinds, max(received) = min(received) + INTERVAL '1999 milliseconds' times,
      sum(CASE WHEN trade_ref = '20131007-' || stream_seq THEN 1 ELSE 0 END) same FROM t`,
  )
  const seqs = (which: (seq: number) => boolean) => mixed.map(({ seq }) => seq).filter(which)
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  const ids = seqs((seq) => seq % 4 !== 0 && seq % 3 === 0)
  expect(rows).toEqual([
    {
      bids: 500,
      asks: sum(seqs((seq) => seq % 4 === 0)) / 4,
      prices: 1500,
      qty: sum(seqs((seq) => seq % 4 !== 0).map((seq) => seq % 5)),
      sides: 500,
      ids: ids.length,
      id_sum: sum(ids),
      refs: refs.length,
      low: refs.toSorted()[0],
      high: refs.toSorted().at(-1),
      kinds: 2,
      times: true,
      same: refs.length,
    },
  ])
})
