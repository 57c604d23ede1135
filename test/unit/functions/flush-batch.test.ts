import { afterEach, expect, test, vi } from 'vitest'
import { flushBatch } from '../../../functions/flush-batch/handler.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { keyOfPath } from '../../../shared/delta/path.ts'
import { Table } from '../../../shared/delta/table.ts'
import { slotOf } from '../../../shared/domain/slot.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import { type PartitionBy, TICK_COLUMNS, tickTable } from '../../../shared/lake/tick-table.ts'
import type { Parquet } from '../../../shared/ports/parquet.ts'
import { type Fate, faultyObjectStore } from '../../support/faulty-object-store.ts'
import { memoryObjectStore } from '../../support/memory-object-store.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { type TickMessage, tickBatch } from '../../support/tick-batch.ts'

const START_MS = Date.parse('2026-11-20T12:00:00Z')
const { slots } = STREAMS.MARKET_TICKS

/** A message as sources send it; `fields` over those of a usual trade. */
const message = (seq: number, fields: object = {}, symbol = 'BTCUSDT'): TickMessage => {
  const tick = { timestamp: START_MS + seq, exchange: 'binance', symbol, price: 100 + seq, qty: 1, side: 'buy', trade_id: seq, ...fields }
  return { seq, subject: `ticks.binance.${symbol}`, text: JSON.stringify(tick), brokerMs: START_MS + seq + 3 }
}
const messages = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i))

const started: ReturnType<typeof flushBatch>[] = []
afterEach(async () => {
  for (const app of started.splice(0)) await app.rows.close()
})

type Options = {
  store?: ReturnType<typeof memoryObjectStore>
  fate?: (key: string) => Fate
  flushRows?: number
  partitionBy?: PartitionBy
  flushMs?: number
  patienceMs?: number
  files?: Parquet
}

function start({
  store = memoryObjectStore(),
  fate,
  flushRows = 1_000_000,
  partitionBy = 'dt',
  flushMs = 3_600_000,
  patienceMs = 5000,
  files = parquet,
}: Options = {}) {
  const deadLetters = recordingPublisher()
  const table = new Table(tickTable('lake/ticks', partitionBy, 'zstd'), fate ? faultyObjectStore(store, fate) : store, files)
  const settings = { stream: STREAMS.MARKET_TICKS, futureMs: 5000, flushMs, flushRows, flushBytes: 2 ** 30, patienceMs }
  const app = flushBatch({ table, deadLetters }, settings)
  started.push(app)
  const post = async (body: Uint8Array) => {
    const answer = await app.request('/', { method: 'POST', body })
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
  }
  return { app, store, deadLetters, post }
}

/** The rows that a store's table holds, in the order of its files. */
async function rowsIn(store: ReturnType<typeof memoryObjectStore>, partitionBy: PartitionBy = 'dt') {
  const table = new Table(tickTable('lake/ticks', partitionBy, 'zstd'), store, parquet)
  const rows: Record<string, unknown>[] = []
  for (const { path, partitionValues } of (await table.snapshot()).files.values())
    for await (const group of parquet.groups((await store.get(keyOfPath(path, 'lake/ticks')))!, TICK_COLUMNS))
      for (let i = 0; i < group.symbol!.length; i++)
        rows.push({ ...Object.fromEntries(Object.entries(group).map(([name, values]) => [name, values[i]])), ...partitionValues })
  return rows
}
const seqsIn = async (store: ReturnType<typeof memoryObjectStore>) =>
  (await rowsIn(store)).map(({ stream_seq }) => Number(stream_seq)).sort((a, b) => a - b)
const seqs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

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

test('a process that dies with rows in memory loses none: the next one says where the table stands', async () => {
  const first = start()
  await first.post(tickBatch(messages(1, 10)))
  await first.app.rows.close()
  const second = start({ store: first.store })
  expect((await second.post(tickBatch(messages(11, 20)))).status).toBe(200)
  // It is killed here: what it took was never committed.
  const third = start({ store: first.store })
  const refused = await third.post(tickBatch(messages(21, 30)))

  expect(refused).toMatchObject({ status: 409, json: { code: 'ERR_POSITION', positions: { 0: { version: versionOf(1, 10), ns: '10' } } } })
  await third.post(tickBatch(messages(11, 30)))
  await third.app.rows.close()
  expect(await seqsIn(first.store)).toEqual(seqs(1, 30))
})

test('two processes that take the same messages commit them once, whatever the borders of their batches', async () => {
  const store = memoryObjectStore()
  const [one, two] = [start({ store }), start({ store })]
  await one.post(tickBatch(messages(1, 10)))
  await two.post(tickBatch(messages(1, 4)))
  await two.post(tickBatch(messages(5, 12)))
  await one.app.rows.close()
  await two.app.rows.close()

  // The second stood on nothing, and the table had moved past that: its rows are void, and the stream is read from where the table stands.
  const next = start({ store })
  expect((await next.post(tickBatch(messages(11, 15)))).status).toBe(200)
  await next.app.rows.close()
  expect(await seqsIn(store)).toEqual(seqs(1, 15))
})

test('a batch that comes again is no batch, whether its rows are in memory or in the table', async () => {
  const { app, post, store } = start({ flushRows: 5 })
  await post(tickBatch(messages(1, 3)))
  expect((await post(tickBatch(messages(1, 3)))).json).toMatchObject({ repeat: true })
  await post(tickBatch(messages(4, 8)))
  await expect.poll(() => store.objects.size).toBeGreaterThan(1)
  expect((await post(tickBatch(messages(1, 8)))).json).toMatchObject({ repeat: true })
  await app.rows.close()
  expect(await seqsIn(store)).toEqual(seqs(1, 8))
})

test.each<Fate>(['lost', 'unanswered', 'late'])(
  'requests to the store that are %s are made good, and each row is there once',
  async (fate) => {
    const store = memoryObjectStore()
    let number = 0
    const { app, post } = start({ store, flushRows: 10, fate: () => (number++ % 2 === 0 ? fate : 'done') })
    for (let from = 1; from < 60; from += 10) expect((await post(tickBatch(messages(from, from + 9)))).status).toBe(200)
    await app.rows.close()

    expect(await seqsIn(store)).toEqual(seqs(1, 60))
  },
)

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

test('readers may be grouped anew: positions are those of the slots', async () => {
  const { app, post, store } = start()
  await post(tickBatch(messages(1, 10)))
  const own = slotOf('BTCUSDT', slots)
  const parity = (of: number) => Array.from({ length: slots }, (_, slot) => slot).filter((slot) => slot % 2 === of)
  const head = (of: number, after: number) => ({ slots: parity(of).map((slot): [number, number, 0] => [slot, versionOf(1, after), 0]) })

  expect((await post(tickBatch(messages(11, 20), head(own % 2, 10)))).status).toBe(200)
  expect((await post(tickBatch([], { ...head(1 - (own % 2), 10), last: 15 }))).status).toBe(200)
  await app.rows.close()

  expect(await seqsIn(store)).toEqual(seqs(1, 20))
  const answer = await start({ store }).app.request('/positions?stream=MARKET_TICKS')
  const { positions } = (await answer.json()) as { positions: Record<string, { version: number }> }
  expect(positions[own]?.version).toBe(versionOf(1, 20))
  expect(positions[1 - (own % 2)]?.version).toBe(versionOf(1, 15))
})

test('a stream that begins anew goes on under its next epoch', async () => {
  const { app, post, store } = start()
  await post(tickBatch(messages(1, 10)))
  const slotsAfter = Array.from({ length: slots }, (_, slot): [number, number, 0] => [slot, versionOf(1, 10), 0])
  expect((await post(tickBatch(messages(1, 5), { epoch: 2, slots: slotsAfter }))).status).toBe(200)
  await app.rows.close()

  const rows = await rowsIn(store)
  expect(rows.map(({ stream_epoch, stream_seq }) => `${stream_epoch}:${stream_seq}`).sort()).toEqual(
    [...seqs(1, 10).map((seq) => `1:${seq}`), ...seqs(1, 5).map((seq) => `2:${seq}`)].sort(),
  )
})

test('a commit is made when its first row has waited long enough', async () => {
  const { post, store } = start({ flushMs: 1 })
  await post(tickBatch(messages(1, 3)))

  await expect.poll(() => [...store.objects.keys()].some((key) => key.endsWith('.json'))).toBe(true)
  expect(await seqsIn(store)).toEqual(seqs(1, 3))
})

test('a commit that is due while a batch is being taken waits for it: rows and position go together', async () => {
  const { app, post, store, deadLetters } = start({ flushMs: 1 })
  const { publishAll } = deadLetters
  // Longer than the pause between two looks for what is due.
  deadLetters.publishAll = async (letters) => {
    await new Promise((resolve) => setTimeout(resolve, 600))
    await publishAll(letters)
  }
  await post(tickBatch(messages(1, 3)))
  await post(tickBatch([...messages(4, 6), { ...message(7), text: 'x' }]))
  await expect.poll(() => seqsIn(store)).toEqual(seqs(1, 6))

  expect((await post(tickBatch(messages(8, 10)))).status).toBe(200)
  await app.rows.close()
  expect(await seqsIn(store)).toEqual([...seqs(1, 6), ...seqs(8, 10)])
})

test('a table that may not be touched is no message’s fault: the call is to be tried again', async () => {
  const store = memoryObjectStore()
  const table = new Table(tickTable('lake/ticks', 'dt', 'zstd'), store, parquet)
  await table.append(() => ({ adds: [], txns: [] }))
  await table.writer
    .commit(() => ({ operation: 'RAISE', actions: [{ protocol: { minReaderVersion: 9, minWriterVersion: 9 } }] }))
    .catch(() => {})

  expect((await start({ store }).post(tickBatch(messages(1, 3)))).status).toBe(503)
})

test('rows that fail to be encoded in the middle of their files are read again, and are there once', async () => {
  let left = 3
  const files: Parquet = {
    ...parquet,
    file(columns, codec) {
      const file = parquet.file(columns, codec)
      return {
        get sizeBytes() {
          return file.sizeBytes
        },
        finish: () => file.finish(),
        write(...group) {
          if (left-- === 1) throw new RangeError('Array buffer allocation failed')
          file.write(...group)
        },
      }
    },
  }
  const { app, post, store } = start({ flushRows: 4, files })
  const batch = tickBatch([1, 2, 3, 4].map((seq) => message(seq, { timestamp: START_MS - 86_400_000 * seq })))
  await post(batch)
  const next = tickBatch(messages(5, 6))
  await expect.poll(async () => (await post(next)).status).toBe(409)
  expect((await post(batch)).status).toBe(200)
  expect((await post(next)).status).toBe(200)
  await app.rows.close()

  expect(await seqsIn(store)).toEqual(seqs(1, 6))
})

test('a file whose commit waits for more than a week is not the one that vacuum takes for a crash’s', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const store = memoryObjectStore()
    const isCommit = (key: string) => key.endsWith('.json')
    let takes = true
    const { app, post } = start({ store, flushRows: 2, fate: (key) => (takes || !isCommit(key) ? 'done' : 'lost') })
    const dataFiles = () => [...store.objects.keys()].filter((key) => key.endsWith('.parquet'))
    await post(tickBatch(messages(1, 2)))
    await expect.poll(() => [...store.objects.keys()].some(isCommit)).toBe(true)
    takes = false
    await post(tickBatch(messages(3, 4)))
    await expect.poll(() => dataFiles().length).toBe(2)

    vi.setSystemTime(Date.now() + 8 * 86_400_000)
    const upkeep = new Table(tickTable('lake/ticks', 'dt', 'zstd'), store, parquet)
    await upkeep.vacuum(Number.POSITIVE_INFINITY)
    takes = true
    await app.rows.close()

    expect(await seqsIn(store)).toEqual(seqs(1, 4))
  } finally {
    vi.useRealTimers()
  }
})

test('while the store hangs, calls are told so in time, the end comes in time, and nothing is lost', async () => {
  const store = memoryObjectStore()
  const before = start({ store })
  await before.post(tickBatch(messages(1, 3)))
  await before.app.rows.close()
  let hangs = true
  const orNever = <T>(work: () => Promise<T>): Promise<T> => (hangs ? new Promise<never>(() => {}) : work())
  const hanging = {
    ...store,
    get: (key: string) => orNever(() => store.get(key)),
    put: (key: string, bytes: Uint8Array) => orNever(() => store.put(key, bytes)),
  }
  const { app, post } = start({ store: hanging, patienceMs: 50 })
  expect(await post(tickBatch(messages(4, 6)))).toMatchObject({ status: 503, json: { code: 'ERR_UNAVAILABLE' } })
  expect((await app.request('/positions?stream=MARKET_TICKS')).status).toBe(503)

  hangs = false
  const other = start({ store: hanging, patienceMs: 50 })
  expect((await other.post(tickBatch(messages(4, 6)))).status).toBe(200)
  hangs = true
  expect((await other.app.request('/positions?stream=MARKET_TICKS')).status).toBe(200)
  await other.app.rows.close()

  expect(await seqsIn(store)).toEqual(seqs(1, 3))
  const next = start({ store })
  expect((await next.post(tickBatch(messages(4, 6)))).status).toBe(200)
  await next.app.rows.close()
  expect(await seqsIn(store)).toEqual(seqs(1, 6))
})

test('what waits while the store is away is bounded; then calls are refused until it is back', async () => {
  const store = memoryObjectStore()
  let away = true
  const { app, post } = start({ store, flushRows: 10, patienceMs: 50, fate: () => (away ? 'lost' : 'done') })
  // One commit under way and one that waits.
  for (const from of [1, 11]) expect((await post(tickBatch(messages(from, from + 9)))).status).toBe(200)
  for (let i = 0; i < 3; i++)
    expect(await post(tickBatch(messages(21, 30)))).toMatchObject({ status: 503, json: { code: 'ERR_UNAVAILABLE' } })
  away = false
  await expect.poll(async () => (await post(tickBatch(messages(21, 30)))).status, { timeout: 10_000 }).toBe(200)
  await app.rows.close()

  expect(await seqsIn(store)).toEqual(seqs(1, 30))
})

test('what is full while another commit is under way is committed after it, without a further call', async () => {
  const store = memoryObjectStore()
  let away = true
  const { post } = start({ store, flushRows: 10, fate: () => (away ? 'lost' : 'done') })
  for (const from of [1, 11]) expect((await post(tickBatch(messages(from, from + 9)))).status).toBe(200)
  away = false

  await expect.poll(() => seqsIn(store), { timeout: 10_000 }).toEqual(seqs(1, 20))
})
