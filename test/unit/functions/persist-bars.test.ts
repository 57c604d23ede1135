import { expect, test } from 'vitest'
import { persistBars } from '../../../functions/persist-bars/handler.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import type { Outgoing, Publisher } from '../../../shared/ports/publisher.ts'
import { RetryableError } from '../../../shared/runtime/errors.ts'
import { bar, MINUTE_MS } from '../../support/bar.ts'
import { barBatch, barMessage } from '../../support/bar-batch.ts'
import { memoryBarTable } from '../../support/memory-bar-table.ts'
import { memoryPositionTable } from '../../support/memory-position-table.ts'

function setUp() {
  const table = memoryBarTable()
  const positions = memoryPositionTable()
  const letters: Outgoing[] = []
  let away = false
  const publisher: Publisher = {
    async publishAll(messages) {
      if (away) throw new RetryableError('ERR_UNAVAILABLE', 'the broker is away')
      letters.push(...messages)
    },
    tell() {},
  }
  const app = persistBars(table, positions, publisher)
  const post = async (body: string) => {
    const res = await app.request('/', { method: 'POST', body })
    return { status: res.status, ...((await res.json()) as Record<string, unknown>) }
  }
  const stands = async () => ((await (await app.request('/positions?stream=BARS')).json()) as { positions: unknown }).positions
  const brokerAway = (value: boolean) => {
    away = value
  }
  return { table, positions, letters, post, stands, brokerAway, stored: () => [...table.rows.values()] }
}

const all = (position: unknown) => ({ 0: position, 1: position, 2: position, 3: position })
const standing = (last: number) => all({ version: versionOf(1, last), ns: `${1_697_292_000_000_000_000n + BigInt(last)}` })
const messages = [barMessage(bar()), barMessage(bar({ interval: '1h' })), barMessage(bar({ symbol: 'ETH/USDT', rev: 3 }))]

test('bars of a batch are stored and the position moves', async () => {
  const { post, stored, stands } = setUp()
  expect(await stands()).toEqual(all(null))
  expect(await post(barBatch(messages))).toEqual({ status: 200, ok: true, applied: 3, repeat: false, rejected: 0 })
  expect(stored()).toEqual([bar(), bar({ interval: '1h' }), bar({ symbol: 'ETH/USDT', rev: 3 })])
  expect(await stands()).toEqual(standing(3))
})

test('a repeated batch does nothing, one from elsewhere is told where to go on', async () => {
  const { post, stored, stands } = setUp()
  await post(barBatch(messages))
  expect(await post(barBatch(messages))).toMatchObject({ status: 200, repeat: true, applied: 0 })
  expect(await post(barBatch(messages, { after: 5 }))).toMatchObject({ status: 409, code: 'ERR_POSITION', positions: standing(3) })
  expect(await post(barBatch(messages, { after: 1 }))).toMatchObject({ status: 409 })
  expect(stored()).toHaveLength(3)
  expect(await stands()).toEqual(standing(3))
})

test('without a position only a batch from the recorded beginning is taken', async () => {
  const { post, stands } = setUp()
  expect(await post(barBatch(messages, { after: 7, begin: false }))).toMatchObject({ status: 409, positions: all(null) })
  expect(await post(barBatch(messages, { after: 7, begin: true }))).toMatchObject({ status: 200 })
  expect(await stands()).toEqual(standing(10))
})

test('a position that fell back is read on from, and what comes again is harmless', async () => {
  const { post, positions, stored, stands } = setUp()
  await post(barBatch(messages))
  await post(barBatch([barMessage(bar({ timestamp: MINUTE_MS + 60_000 }))], { after: 3 }))
  positions.stored.set('BARS', new Map([0, 1, 2, 3].map((slot) => [slot, { version: versionOf(1, 1), ns: '1' }])))
  expect(await post(barBatch([], { after: 4 }))).toMatchObject({ status: 409, positions: all({ version: versionOf(1, 1), ns: '1' }) })
  expect(await post(barBatch(messages.slice(1), { after: 1 }))).toMatchObject({ status: 200, applied: 2 })
  expect(stored()).toHaveLength(4)
  expect(await stands()).toEqual(standing(3))
})

test("a batch without messages moves the position; one of the stream's head changes nothing", async () => {
  const { post, stands } = setUp()
  await post(barBatch([], { last: 9 }))
  expect(await stands()).toEqual(standing(9))
  expect(await post(barBatch([], { after: 9, nowMs: MINUTE_MS }))).toMatchObject({ status: 200, applied: 0 })
  expect(await stands()).toEqual(standing(9))
})

test('what is no bar goes to the dead letters first, and its neighbours are stored', async () => {
  const { post, letters, stored, stands, brokerAway } = setUp()
  const bad = [
    { subject: 'ohlcv.1m.BTCUSDT', text: 'not json' },
    { subject: 'ohlcv.1m.BTCUSDT', text: JSON.stringify({ ...bar(), open: '45000' }) },
    { subject: 'ohlcv.1m.BTCUSDT', text: JSON.stringify(bar()).replace('45000', '1e999') },
    { subject: 'ohlcv.1m.BTCUSDT', text: JSON.stringify(bar({ timestamp: MINUTE_MS + 1 })) },
    { subject: 'ohlcv.1m.BTCUSDT', text: JSON.stringify(bar({ timestamp: 253_402_300_800_000 })) },
    { subject: 'ohlcv.1m.ETHUSDT', text: JSON.stringify(bar()) },
    { subject: 'ohlcv.5m.BTCUSDT', text: JSON.stringify(bar()) },
  ]
  brokerAway(true)
  expect(await post(barBatch([...bad, ...messages]))).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
  expect([stored(), await stands()]).toEqual([[], all(null)])
  brokerAway(false)
  expect(await post(barBatch([...bad, ...messages]))).toMatchObject({ status: 200, applied: 3, rejected: 7 })
  expect(stored()).toHaveLength(3)
  expect(letters.map(({ headers }) => headers?.['Dlq-Code'])).toEqual([...Array(5).fill('BAD_BAR'), 'SUBJECT_MISMATCH', 'SUBJECT_MISMATCH'])
  expect(letters.map(({ payload }) => Buffer.from(payload).toString())).toEqual(bad.map(({ text }) => text))
  expect(letters[1]).toMatchObject({
    subject: 'dlq.persist-bars',
    msgId: `persist-bars:${versionOf(1, 2)}`,
    headers: {
      'Dlq-Function': 'persist-bars',
      'Dlq-Stream': 'BARS',
      'Dlq-Version': String(versionOf(1, 2)),
      'Dlq-Seq': '2',
      'Dlq-Subject': 'ohlcv.1m.BTCUSDT',
      'Dlq-Error': expect.stringContaining('open'),
      'Dlq-Attempts': '1',
      'Dlq-Time-Ms': '1697292060123',
    },
  })
})

test('forming bars are passed over', async () => {
  const { post, stored, letters } = setUp()
  expect(await post(barBatch([barMessage(bar({ closed: false })), ...messages]))).toMatchObject({ status: 200, applied: 4, rejected: 0 })
  expect([stored().length, letters]).toEqual([3, []])
})

test('a table that is away moves nothing; a malformed batch is refused', async () => {
  const { post, table, stands } = setUp()
  table.away = true
  expect(await post(barBatch(messages))).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
  expect(await stands()).toEqual(all(null))
  expect(await post(barBatch(messages, { count: 2 }))).toMatchObject({ status: 400, code: 'ERR_BATCH' })
})
