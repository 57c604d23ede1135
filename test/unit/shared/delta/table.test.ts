import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCommit } from '../../../../shared/delta/action.ts'
import { commitPath, LAST_CHECKPOINT } from '../../../../shared/delta/path.ts'
import { appendNumbers, NUMBERS, numbersIn, numbersTable } from '../../../support/delta.ts'
import { type Fate, faultyObjectStore } from '../../../support/faulty-object-store.ts'
import { memoryObjectStore } from '../../../support/memory-object-store.ts'

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
const DAY_MS = 86_400_000

test('the first commit makes the table, the next ones add to it', async () => {
  const store = memoryObjectStore()
  const table = numbersTable(store)

  expect(await appendNumbers(table, { numbers: [1, 2] })).toEqual({ version: 0, conflicts: 0 })
  expect(await appendNumbers(table, { numbers: [3] })).toEqual({ version: 1, conflicts: 0 })

  const [info, protocol, metaData, add] = parseCommit(textOf(await store.get(`lake/numbers/${commitPath(0)}`)))
  expect(info).toMatchObject({ commitInfo: { operation: 'CREATE TABLE AS SELECT' } })
  expect(protocol).toEqual({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } })
  expect(metaData).toMatchObject({ metaData: { partitionColumns: ['day'], format: { provider: 'parquet' } } })
  expect(add).toMatchObject({ add: { partitionValues: { day: '2026-11-21' }, dataChange: true } })
  expect(await numbersIn(numbersTable(store), store)).toEqual([1, 2, 3])
})

test('a writer that was overtaken plans anew on what the others did', async () => {
  const store = memoryObjectStore()
  const [one, other] = [numbersTable(store), numbersTable(store)]
  await appendNumbers(one, { numbers: [1] })
  await other.snapshot()
  await appendNumbers(one, { numbers: [2] })
  await appendNumbers(one, { numbers: [3] })

  expect(await appendNumbers(other, { numbers: [4] })).toEqual({ version: 3, conflicts: 1 })
  expect(await numbersIn(one, store)).toEqual([1, 2, 3, 4])
})

test('a transaction is committed once, also by two writers at a time, and survives a checkpoint with all its digits', async () => {
  const store = memoryObjectStore()
  const [one, other] = [numbersTable(store), numbersTable(store)]
  const txn = { appId: 'a', version: 9_007_199_254_740_993n }

  const done = await Promise.all([one, other].map((table) => appendNumbers(table, { numbers: [7], txn })))
  expect(done.filter(({ version }) => version !== undefined)).toHaveLength(1)

  await one.checkpoint()
  for (const key of store.objects.keys()) if (key.endsWith('.json')) store.objects.delete(key)
  const afresh = numbersTable(store)
  expect((await afresh.snapshot()).txnVersion('a')).toBe(txn.version)
  expect(await numbersIn(afresh, store)).toEqual([7])
})

test('whatever becomes of the requests of four writers, each of their commits is in the table once', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('done', 'done', 'done', 'lost', 'unanswered', 'late'), { minLength: 5, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(fates, async (drawn) => {
      const store = memoryObjectStore()
      let at = 0
      const faulty = faultyObjectStore(store, () => drawn[at++] ?? 'done')
      const write = async (writer: number) => {
        const table = numbersTable(faulty)
        for (let i = 0; i < 3; i++) {
          const txn = { appId: `writer ${writer}`, version: BigInt(i) }
          // A writer whose commit may have been done tries again, with a file of its own each time.
          for (let isDone = false; !isDone; )
            isDone = await appendNumbers(table, { numbers: [writer * 10 + i], txn }).then(
              () => true,
              () => false,
            )
        }
      }
      await Promise.all([0, 1, 2, 3].map(write))
      await faulty.settle()

      expect(await numbersIn(numbersTable(store), store)).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32])
    }),
    { numRuns: 60 },
  )
})

test('a table gets the columns that it lacks, behind its own; old files have them as null', async () => {
  const store = memoryObjectStore()
  await appendNumbers(numbersTable(store), { numbers: [1] })
  const wider = numbersTable(store, { columns: [...NUMBERS, { name: 'more', type: 'double', nullable: true }] })
  await appendNumbers(wider, { numbers: [2] })

  const { metaData } = await wider.snapshot()
  expect(JSON.parse(metaData!.schemaString).fields.map(({ name }: { name: string }) => name)).toEqual(['n', 'name', 'day', 'more'])
  expect(await numbersIn(wider, store)).toEqual([1, 2])
  // A writer that does not know the column goes on as well.
  await appendNumbers(numbersTable(store), { numbers: [3] })
  expect(await numbersIn(wider, store)).toEqual([1, 2, 3])
})

test.each([
  ['another type', [{ name: 'n', type: 'string', nullable: true }]],
  ['another case', [{ name: 'N', type: 'long', nullable: true }]],
  ['a new column that may not be null', [...NUMBERS, { name: 'x', type: 'long', nullable: false }]],
] as const)('rows with %s are refused', async (_, columns) => {
  const store = memoryObjectStore()
  await appendNumbers(numbersTable(store), { numbers: [1] })

  await expect(numbersTable(store, { columns: [...columns] }).append(() => ({ adds: [], txns: [] }))).rejects.toMatchObject({
    code: 'ERR_CONFIG',
  })
})

test.each([
  [{ minReaderVersion: 1, minWriterVersion: 4 }, /writer version 4/],
  [{ minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'rowTracking'] }, /rowTracking/],
  [
    { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['deletionVectors'], writerFeatures: ['deletionVectors'] },
    /deletionVectors/,
  ],
  [{ minReaderVersion: 2, minWriterVersion: 5 }, /reader version 2/],
])('a table that somebody raised to %j is refused', async (protocol, why) => {
  const store = memoryObjectStore()
  const table = numbersTable(store)
  await appendNumbers(table, { numbers: [1] })
  await table.writer.commit(() => ({ operation: 'SET TBLPROPERTIES', actions: [{ protocol }] }))

  await expect(appendNumbers(numbersTable(store), { numbers: [2] })).rejects.toThrow(why)
})

test('features of writer version 2 are no hindrance', async () => {
  const store = memoryObjectStore()
  const table = numbersTable(store)
  await appendNumbers(table, { numbers: [1] })
  const protocol = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'invariants'] }
  await table.writer.commit(() => ({ operation: 'SET TBLPROPERTIES', actions: [{ protocol }] }))

  expect(await appendNumbers(numbersTable(store), { numbers: [2] })).toMatchObject({ version: 2 })
})

test('small files of a partition become one, in order; what a writer added meanwhile stays', async () => {
  const store = memoryObjectStore()
  const [table, other] = [numbersTable(store), numbersTable(store)]
  for (const n of [5, 3, 4]) await appendNumbers(table, { numbers: [n, n + 10] })
  await appendNumbers(table, { numbers: [100], day: '2026-11-22' })
  const before = await numbersIn(table, store)

  const [done] = await Promise.all([
    table.optimize({ targetBytes: 1e6, sortBy: ['n'], untilMs: Number.POSITIVE_INFINITY }),
    appendNumbers(other, { numbers: [50] }),
  ])

  // What was added meanwhile, too, if it came before the end.
  expect(done.done).toBe(true)
  expect(done.removed).toBeGreaterThanOrEqual(3)
  expect((await table.snapshot()).files.size).toBeLessThanOrEqual(3)
  expect(await numbersIn(table, store)).toEqual([...before, 50].sort((a, b) => a - b))
})

test('an optimization whose files another one took gives up', async () => {
  const store = memoryObjectStore()
  const tables = [numbersTable(store), numbersTable(store)]
  for (const n of [1, 2, 3]) await appendNumbers(tables[0]!, { numbers: [n] })

  const options = { targetBytes: 1e6, sortBy: ['n'], untilMs: Number.POSITIVE_INFINITY }
  const done = await Promise.all(tables.map((table) => table.optimize(options)))

  expect(done.map(({ added }) => added).sort()).toEqual([0, 1])
  expect(await numbersIn(tables[1]!, store)).toEqual([1, 2, 3])
})

test('vacuum deletes what is neither live nor young, and nothing else', async () => {
  let nowMs = Date.now() - 10 * DAY_MS
  const store = memoryObjectStore(() => nowMs)
  const table = numbersTable(store)
  for (const n of [1, 2]) await appendNumbers(table, { numbers: [n] })
  await store.put('lake/numbers/day=2026-11-21/orphan.parquet', new Uint8Array(3))
  await store.put('lake/numbers/_ours/kept', new Uint8Array(3))
  nowMs = Date.now()
  await store.put('lake/numbers/day=2026-11-21/under-way.parquet', new Uint8Array(3))
  await table.optimize({ targetBytes: 1e6, sortBy: ['n'], untilMs: Number.POSITIVE_INFINITY })

  expect(await table.vacuum(Number.POSITIVE_INFINITY)).toEqual({ deleted: 1, done: true })
  // The two that were rewritten are tombstones for seven days more.
  expect(await table.vacuum(Number.POSITIVE_INFINITY, Date.now() + 8 * DAY_MS)).toEqual({ deleted: 3, done: true })
  expect(await numbersIn(table, store)).toEqual([1, 2])
  expect(store.objects.has('lake/numbers/_ours/kept')).toBe(true)
})

/** A log of so many commits with a checkpoint each hundred, all of it old. */
async function longLog(versions: number) {
  const store = memoryObjectStore(() => Date.now() - 40 * DAY_MS)
  const table = numbersTable(store)
  await appendNumbers(table, { numbers: [1] })
  for (let i = 1; i < versions; i++) {
    await table.append(() => ({ adds: [], txns: [{ appId: 'a', version: BigInt(i) }] }))
    if (i % 100 === 0) await table.checkpoint()
  }
  return { store, table }
}

test('the log is cleaned up to a checkpoint that has a thousand versions behind it; the rest can be read', async () => {
  const { store, table } = await longLog(1250)

  expect(await table.cleanUpLog(Number.POSITIVE_INFINITY)).toEqual({ deleted: 200 + 1, done: true })

  expect(store.objects.has(`lake/numbers/${commitPath(199)}`)).toBe(false)
  expect((await numbersTable(store).log.loadAt(200)).txnVersion('a')).toBe(200n)
  await expect(table.log.loadAt(150)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  expect(await table.cleanUpLog(Number.POSITIVE_INFINITY)).toEqual({ deleted: 0, done: true })
})

test('a writer that slept while the log was cleaned up does not commit behind it', async () => {
  const { store, table } = await longLog(1250)
  const slept = numbersTable(store)
  // As if it had looked when the table was at version 50.
  const old = await slept.snapshot()
  old.version = 50
  await table.cleanUpLog(Number.POSITIVE_INFINITY)

  expect(await appendNumbers(slept, { numbers: [2] })).toMatchObject({ version: 1250 })
  expect(store.objects.has(`lake/numbers/${commitPath(51)}`)).toBe(false)
  expect(await numbersIn(numbersTable(store), store)).toEqual([1, 2])
})

test('a table that was deleted under a writer is made anew, not gone on with', async () => {
  const store = memoryObjectStore()
  const table = numbersTable(store)
  for (const n of [1, 2, 3]) await appendNumbers(table, { numbers: [n] })
  store.objects.clear()

  expect(await appendNumbers(table, { numbers: [4] })).toMatchObject({ version: 0 })
  expect(await numbersIn(numbersTable(store), store)).toEqual([4])
})

test('a hint to a checkpoint that is not there, or no hint, does no harm', async () => {
  const store = memoryObjectStore()
  const table = numbersTable(store)
  for (const n of [1, 2, 3]) await appendNumbers(table, { numbers: [n] })
  await table.checkpoint()
  await store.put(`lake/numbers/${LAST_CHECKPOINT}`, new TextEncoder().encode('{"version":77}'))
  expect(await numbersIn(numbersTable(store), store)).toEqual([1, 2, 3])
  await store.put(`lake/numbers/${LAST_CHECKPOINT}`, new TextEncoder().encode('{"vers'))
  expect(await numbersIn(numbersTable(store), store)).toEqual([1, 2, 3])
})

test('a commit while a checkpoint is written does not move the hint to where there is none', async () => {
  const store = memoryObjectStore()
  const put = Promise.withResolvers<void>()
  const slow = {
    ...store,
    put: async (key: string, bytes: Uint8Array) => {
      if (key.endsWith('.checkpoint.parquet')) await put.promise
      return store.put(key, bytes)
    },
  }
  const table = numbersTable(slow)
  await appendNumbers(table, { numbers: [1] })
  const checkpoint = table.checkpoint()
  await appendNumbers(table, { numbers: [2] })
  put.resolve()

  expect(await checkpoint).toBe(0)
  expect(await table.log.lastCheckpoint()).toBe(0)
})

test('a file that was stored a day ago is not added: vacuum may be about to take it for an orphan', async () => {
  const store = memoryObjectStore()
  const table = numbersTable(store)
  const file = table.file({ day: '2026-11-21' })
  file.write(1, { n: [1n], name: ['one'] })
  const { add, bytes } = file.finish(Date.now() - 2 * DAY_MS)
  await table.store(add, bytes)

  await expect(table.append(() => ({ adds: [add], txns: [] }))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  expect((await table.snapshot()).version).toBe(-1)
})

test('a writer that lives for long forgets the tombstones that have expired, and no others', async () => {
  const table = numbersTable(memoryObjectStore())
  await appendNumbers(table, { numbers: [1] })
  const removed = (path: string, ageMs: number) => ({ remove: { path, deletionTimestamp: Date.now() - ageMs, dataChange: true } })
  await table.writer.commit(() => ({ operation: 'DELETE', actions: [removed('old', 8 * DAY_MS), removed('young', DAY_MS)] }))
  expect([...(await table.snapshot()).tombstones.keys()]).toEqual(['young'])
})
