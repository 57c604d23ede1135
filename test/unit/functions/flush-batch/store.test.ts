import { expect, test } from 'vitest'
import { parquet } from '../../../../shared/adapters/parquet/parquet.ts'
import { Table } from '../../../../shared/delta/table.ts'
import { tickTable } from '../../../../shared/lake/tick-table.ts'
import type { Fate } from '../../../support/faulty-object-store.ts'
import { memoryObjectStore } from '../../../support/memory-object-store.ts'
import { seqs } from '../../../support/seqs-in.ts'
import { tickBatch } from '../../../support/tick-batch.ts'
import { KEY, messages, seqsIn, start } from './start.ts'

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

test('a table that may not be touched is no message’s fault: the call is to be tried again', async () => {
  const store = memoryObjectStore()
  const table = new Table(tickTable(KEY, 'dt', 'zstd'), store, parquet)
  await table.append(() => ({ adds: [], txns: [] }))
  await table.writer
    .commit(() => ({ operation: 'RAISE', actions: [{ protocol: { minReaderVersion: 9, minWriterVersion: 9 } }] }))
    .catch(() => {})

  expect((await start({ store }).post(tickBatch(messages(1, 3)))).status).toBe(503)
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
