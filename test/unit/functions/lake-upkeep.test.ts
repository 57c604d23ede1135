import { expect, test } from 'vitest'
import { lakeUpkeep } from '../../../functions/lake-upkeep/handler.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { LAST_CHECKPOINT } from '../../../shared/delta/path.ts'
import { RetryableError } from '../../../shared/runtime/errors.ts'
import { appendNumbers, numbersIn, numbersTable } from '../../support/delta.ts'
import { memoryLakeStream } from '../../support/memory-lake-stream.ts'
import { memoryObjectStore } from '../../support/memory-object-store.ts'

const DAY_MS = 86_400_000

function start({ now = () => Date.now(), mostMs = 60_000, answerMs = 60_000 } = {}) {
  const store = memoryObjectStore(now)
  const table = numbersTable(store)
  const clock = { aheadMs: 0 }
  const nowMs = () => Date.now() + clock.aheadMs
  const stream = memoryLakeStream()
  const watched = { table: numbersTable(store), store, parquet, stream, functionName: 'f', streamName: 'S', mostRows: 1000, mostMs: 60_000 }
  const settings = { targetBytes: 1e6, checkpointEvery: 5, mostMs, answerMs, nowMs, audit: watched }
  const app = lakeUpkeep([{ table: numbersTable(store), sortBy: ['n'] }], settings)
  const run = async (at: string) => (await app.request('/', { method: 'POST', headers: { 'X-Scheduled-Time': at } })).status
  return { store, table, app, run, clock, stream }
}

test('many small files become one sorted file; a few are left until no rows come to their partition any more', async () => {
  const { store, table, run, clock } = start()
  for (let i = 20; i > 0; i--) await appendNumbers(table, { numbers: [i, 100 - i] })
  const rows = await numbersIn(table, store)
  expect(await run('2026-11-21T10:05:00Z')).toBe(200)
  expect((await table.snapshot()).files.size).toBe(1)

  for (let i = 0; i < 3; i++) await appendNumbers(table, { numbers: [200 + i] })
  await run('2026-11-21T10:10:00Z')
  expect((await table.snapshot()).files.size).toBe(4)
  clock.aheadMs = 3_700_000
  await run('2026-11-21T11:15:00Z')
  expect((await table.snapshot()).files.size).toBe(1)
  expect(await numbersIn(table, store)).toEqual([...rows, 200, 201, 202])
})

test('a call is answered though its run goes on, and those that come meanwhile begin no other one', async () => {
  const { store, table, run, app } = start({ answerMs: 0 })
  for (let i = 0; i < 12; i++) await appendNumbers(table, { numbers: [i] })
  const held = Promise.withResolvers<void>()
  const { put } = store
  store.put = async (key, bytes) => {
    await held.promise
    return put(key, bytes)
  }
  expect(await run('2026-11-21T10:05:00Z')).toBe(200)
  expect(await run('2026-11-21T11:00:00Z')).toBe(200)
  expect((await table.snapshot()).files.size).toBe(12)
  held.resolve()
  await expect.poll(async () => (await table.snapshot()).files.size).toBe(1)
  const done = async () => /lake_upkeep_runs_total\{outcome="done"\S* (\d+)/.exec(await (await app.request('/metrics')).text())?.[1]
  await expect.poll(done).toBe('1')
})

test('what a run was to look for in the hour and did not come to, the next one looks for', async () => {
  const old = Date.now() - 8 * DAY_MS
  let nowMs = old
  const { store, table, run } = start({ now: () => nowMs })
  await appendNumbers(table, { numbers: [1] })
  await store.put('lake/numbers/day=2026-11-21/orphan.parquet', new Uint8Array(1))
  nowMs = Date.now()
  const { list } = store
  store.list = () => {
    throw new RetryableError('ERR_UNAVAILABLE', 'away')
  }
  expect(await run('2026-11-21T11:00:00Z')).toBe(503)
  store.list = list
  expect(await run('2026-11-21T11:05:00Z')).toBe(200)
  expect(store.objects.has('lake/numbers/day=2026-11-21/orphan.parquet')).toBe(false)
})

test('checkpoints come by the number of commits, and only then', async () => {
  const { store, table, run } = start()
  for (let i = 0; i < 4; i++) await appendNumbers(table, { numbers: [i] })
  await run('2026-11-21T10:05:00Z')
  expect(store.objects.has(`lake/numbers/${LAST_CHECKPOINT}`)).toBe(false)

  await appendNumbers(table, { numbers: [4] })
  await run('2026-11-21T10:10:00Z')
  expect(await table.log.lastCheckpoint()).toBe(4)
})

test('each hour, files that no version needs go once they are a week old', async () => {
  let nowMs = Date.now() - 8 * DAY_MS
  const { store, table, run } = start({ now: () => nowMs })
  await appendNumbers(table, { numbers: [1] })
  await store.put('lake/numbers/day=2026-11-21/orphan.parquet', new Uint8Array(1))
  nowMs = Date.now()
  await run('2026-11-21T10:05:00Z')
  expect(store.objects.has('lake/numbers/day=2026-11-21/orphan.parquet')).toBe(true)
  await run('2026-11-21T11:00:00Z')

  expect(store.objects.has('lake/numbers/day=2026-11-21/orphan.parquet')).toBe(false)
  expect(await numbersIn(table, store)).toEqual([1])
})

test('a run whose time is over leaves the rest to the next one', async () => {
  const { table, run } = start({ mostMs: -1 })
  for (let i = 0; i < 12; i++) await appendNumbers(table, { numbers: [i] })
  expect(await run('2026-11-21T11:00:00Z')).toBe(200)
  expect((await table.snapshot()).files.size).toBe(12)
})

test('a table that is not there yet is nothing to look after', async () => {
  const { store, run } = start()
  expect(await run('2026-11-21T11:00:00Z')).toBe(200)
  expect(store.objects.size).toBe(0)
})

test('beside writers it loses nothing, and twice at a time it does its work once', async () => {
  const { store, table, run } = start()
  for (let i = 0; i < 12; i++) await appendNumbers(table, { numbers: [i] })
  const others = [1, 2, 3].map(async (writer) => {
    const own = numbersTable(store)
    for (let i = 0; i < 5; i++) await appendNumbers(own, { numbers: [100 * writer + i] })
  })
  await Promise.all([run('2026-11-21T11:00:00Z'), run('2026-11-21T11:00:00Z'), ...others])

  const expected = [...Array(12).keys(), ...[1, 2, 3].flatMap((writer) => [0, 1, 2, 3, 4].map((i) => 100 * writer + i))]
  expect(await numbersIn(table, store)).toEqual(expected)
})

test('how the table stands against its stream is told as metrics and by GET /audit, and a broker that is away stops no upkeep', async () => {
  const { table, app, run, stream } = start()
  await appendNumbers(table, { numbers: [1], txn: { appId: 'f/S/e1/0-15', version: 7n } })
  Object.assign(stream.now, { first: 10, last: 12 })
  await run('2026-11-21T10:05:00Z')
  const page = async () => (await app.request('/metrics')).text()
  expect(await page()).toMatch(/lake_audit_lag_messages\{\S+ 3\n/)
  expect(await page()).toMatch(/lake_audit_lost_messages\{\S+ 2\n/)
  expect(await (await app.request('/audit')).json()).toMatchObject({ stream: { committed: 7, lagMessages: 3, lost: 2 } })

  stream.isAway = true
  expect(await run('2026-11-21T10:10:00Z')).toBe(200)
  expect(await page()).toMatch(/lake_audit_failures_total\{\S+ 1\n/)
  expect((await app.request('/audit')).status).toBe(503)
})
