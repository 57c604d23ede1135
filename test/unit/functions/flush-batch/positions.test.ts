import { expect, test } from 'vitest'
import { STREAMS } from '../../../../shared/contract/streams.ts'
import { slotOf } from '../../../../shared/domain/slot.ts'
import { versionOf } from '../../../../shared/domain/version.ts'
import { memoryObjectStore } from '../../../support/memory-object-store.ts'
import { seqs } from '../../../support/seqs-in.ts'
import { tickBatch } from '../../../support/tick-batch.ts'
import { messages, rowsIn, seqsIn, start } from './start.ts'

const { slots } = STREAMS.MARKET_TICKS

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
