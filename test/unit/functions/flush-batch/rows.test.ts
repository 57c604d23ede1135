import { expect, test } from 'vitest'
import { seqs } from '../../../support/seqs-in.ts'
import { tickBatch } from '../../../support/tick-batch.ts'
import { message, messages, rowsIn, START_MS, seqsIn, start } from './start.ts'

test('a tick is a row with all that it says, and real nulls where it says nothing', async () => {
  const { app, post, store } = start()
  const many = `${JSON.stringify({ timestamp: START_MS, price: 1, qty: 2 })} ${JSON.stringify({ timestamp: START_MS, bid: 3, ask: 4 })}`
  await post(
    tickBatch([
      message(1),
      { ...message(2), subject: 'market.tick.ETHUSDT', text: many },
      message(3, { trade_id: '20131007-17', side: undefined }, 'ETHUSDT'),
      message(4, { trade_id: '9223372036854775807' }),
      message(5, { trade_id: '9223372036854775808' }),
    ]),
  )
  await app.rows.close()

  const micros = (ms: number) => BigInt(ms) * 1000n
  const rows = (await rowsIn(store)).sort(
    (a, b) => Number(a.stream_seq) - Number(b.stream_seq) || Number(a.stream_line) - Number(b.stream_line),
  )
  expect(rows[0]).toEqual({
    timestamp: micros(START_MS + 1),
    exchange: 'binance',
    symbol: 'BTCUSDT',
    price: 101,
    qty: 1,
    side: 'buy',
    trade_id: 1n,
    dt: '2026-11-20',
    trade_ref: null,
    kind: 'trade',
    bid: null,
    ask: null,
    received: micros(START_MS + 4),
    stream_epoch: 1,
    stream_seq: 1n,
    stream_line: 0,
  })
  expect(rows[1]).toMatchObject({ kind: 'trade', exchange: 'unknown', symbol: 'ETHUSDT', side: null, trade_id: null, stream_line: 0 })
  expect(rows[2]).toMatchObject({ kind: 'quote', price: null, qty: null, bid: 3, ask: 4, stream_line: 1 })
  expect(rows[3]).toMatchObject({ trade_id: null, trade_ref: '20131007-17', side: null })
  expect(rows[4]).toMatchObject({ trade_id: 9223372036854775807n, trade_ref: null })
  expect(rows[5]).toMatchObject({ trade_id: null, trade_ref: '9223372036854775808' })
})

test('rows of a file are sorted by symbol and time; each day, and where asked for each symbol, has its own', async () => {
  const mixed = [
    message(1, {}, 'B'),
    message(2, {}, 'A'),
    message(3, { timestamp: START_MS - 5 }, 'B'),
    message(4, { timestamp: START_MS - 86_400_000 }, 'A'),
  ]
  const byDay = start()
  await byDay.post(tickBatch(mixed))
  await byDay.app.rows.close()
  const bySymbol = start({ partitionBy: 'symbol,dt' })
  await bySymbol.post(tickBatch(mixed))
  await bySymbol.app.rows.close()

  expect((await rowsIn(byDay.store)).map(({ dt, symbol, stream_seq }) => `${dt} ${symbol} ${stream_seq}`)).toEqual([
    '2026-11-19 A 4',
    '2026-11-20 A 2',
    '2026-11-20 B 3',
    '2026-11-20 B 1',
  ])
  const keys = [...bySymbol.store.objects.keys()]
    .filter((key) => key.endsWith('.parquet'))
    .map((key) => key.split('/').slice(2, 4).join('/'))
  expect(keys.sort()).toEqual(['symbol=A/dt=2026-11-19', 'symbol=A/dt=2026-11-20', 'symbol=B/dt=2026-11-20'])
})

test('what can never be a row is in the dead letters before its batch is answered; its neighbours are rows', async () => {
  const { app, post, store, deadLetters } = start()
  const bad = [
    { ...message(2), text: '{"price":' },
    message(3, { price: -1 }),
    { ...message(4, {}, 'ETHUSDT'), subject: 'ticks.binance.BTCUSDT' },
    message(5, { timestamp: START_MS + 3_600_000 }),
    { ...message(6), text: `${message(6).text} {"a":1}` },
  ]
  expect((await post(tickBatch([message(1), ...bad]))).json).toMatchObject({ ok: true, rejected: 5 })

  const codes = deadLetters.sent.map(({ headers, msgId }) =>
    `${headers?.['Dlq-Seq']} ${headers?.['Dlq-Code']} ${msgId?.split('.')[1] ?? ''}`.trim(),
  )
  expect(codes).toEqual(['2 BAD_TICK', '3 PRICE_NOT_POSITIVE', '4 SUBJECT_MISMATCH', '5 FUTURE_TS', '6 BAD_TICK 1'])
  await app.rows.close()
  expect(await seqsIn(store)).toEqual([1, 6])
})

test('while the dead letters take nothing, nothing of the batch is taken, and it can come again', async () => {
  const { app, post, store, deadLetters } = start()
  await post(tickBatch(messages(1, 3)))
  const batch = tickBatch([message(4), { ...message(5), text: 'x' }])
  deadLetters.away(true)
  expect((await post(batch)).status).toBe(503)
  deadLetters.away(false)
  expect((await post(batch)).status).toBe(200)
  await app.rows.close()

  expect(await seqsIn(store)).toEqual(seqs(1, 4))
})
