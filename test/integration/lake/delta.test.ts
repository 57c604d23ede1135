import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { commitPath } from '../../../shared/delta/path.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { appendNumbers, NUMBERS, numbersIn, numbersTable } from '../../support/delta.ts'
import { deltaOracle } from '../../support/oracle/oracle.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'

let s3: TestS3
let store: ObjectStore
let oracle: Awaited<ReturnType<typeof deltaOracle>>
let number = 0
let key = ''
beforeAll(async () => {
  s3 = await startS3()
  store = s3.store
  oracle = await deltaOracle(s3.url)
})
afterAll(() => s3?.stop())
beforeEach(() => {
  key = `tests/delta-${number++}`
})

const open = () => numbersTable(store, { key })
const count = async (sql = 'SELECT count(*) c, sum(n) s, min(n) low, max(n) high, count(DISTINCT name) names FROM t') =>
  (await oracle.query(key, sql)).rows[0]

test('three writers of ours and delta-rs commit to one table at once: nothing is lost, nothing twice', async () => {
  await appendNumbers(open(), { numbers: [0] })
  const ours = async (writer: number) => {
    const table = open()
    for (let i = 0; i < 5; i++) {
      const n = 100 * writer + i
      await appendNumbers(table, { numbers: [n], txn: { appId: `w${writer}`, version: BigInt(n) } })
    }
  }
  const theirs = oracle.append(key, { n: ['long', [1]], name: ['string', ['theirs']], day: ['string', ['2026-11-21']] }, 5)
  await Promise.all([ours(1), ours(2), ours(3), theirs])

  const expected = [0, ...Array(5).fill(1), ...[1, 2, 3].flatMap((writer) => [0, 1, 2, 3, 4].map((i) => 100 * writer + i))]
  expect(await numbersIn(open(), store)).toEqual(expected)
  expect((await oracle.query(key, 'SELECT n FROM t ORDER BY n')).rows.map(({ n }) => n)).toEqual(expected)
  expect((await open().snapshot()).version).toBe(20)
})

test('delta-rs reads our checkpoint when the commits before it are gone, with the transactions', async () => {
  const table = open()
  for (let i = 1; i <= 4; i++)
    await appendNumbers(table, { numbers: [i], day: `2026-11-2${i}`, txn: { appId: 'app', version: 9_007_199_254_740_993n + BigInt(i) } })
  expect(await table.checkpoint()).toBe(3)
  await store.remove([0, 1, 2].map((version) => `${key}/${commitPath(version)}`))
  await appendNumbers(table, { numbers: [5] })

  expect(await count()).toEqual({ c: 5, s: 15, low: 1, high: 5, names: 5 })
  expect(await oracle.txns(key, ['app'])).toEqual({ app: '9007199254740997' })
})

test('our transactions survive a checkpoint by delta-rs', async () => {
  const version = 9_007_199_254_740_993n
  const table = open()
  await appendNumbers(table, { numbers: [1], txn: { appId: 'app', version } })
  await appendNumbers(table, { numbers: [2], txn: { appId: 'app/ns', version: version + 2n } })
  expect(await oracle.checkpoint(key)).toBe(1)
  await store.remove([0].map((at) => `${key}/${commitPath(at)}`))

  const { txns } = await open().snapshot()
  expect([...txns.values()].map(({ appId, version: at }) => [appId, at]).sort()).toEqual([
    ['app', version],
    ['app/ns', version + 2n],
  ])
  expect(await appendNumbers(open(), { numbers: [1], txn: { appId: 'app', version } })).toMatchObject({ version: undefined })
  expect(await numbersIn(open(), store)).toEqual([1, 2])
})

test('delta-rs understands our statistics', async () => {
  const table = numbersTable(store, {
    key,
    columns: [...NUMBERS, { name: 'at', type: 'timestamp', nullable: true }, { name: 'x', type: 'double', nullable: true }],
  })
  const file = table.file({ day: '2026-11-21' })
  const long = 'é'.repeat(40)
  file.write(3, {
    n: [-5n, 9_007_199_254_740_993n, null],
    name: ['a', long, '\u{1F600}'],
    at: [1_000_001n, -1n, null],
    x: [1, Number.NaN, 2],
  })
  const { add, bytes } = file.finish(Date.now())
  await table.store(add, bytes)
  await table.append(() => ({ adds: [add], txns: [] }))

  const stats = await oracle.stats(key)
  expect(stats.num_records).toEqual(['3'])
  expect([stats['min.n'], stats['max.n'], stats['null_count.n']]).toEqual([['-5'], ['9007199254740993'], ['1']])
  expect([stats['min.name'], stats['max.name']]).toEqual([['a'], ['\u{1F600}']])
  expect(JSON.parse(add.stats!)).toMatchObject({
    minValues: { at: '1969-12-31T23:59:59.999Z' },
    maxValues: { at: '1970-01-01T00:00:01.001Z' },
    nullCount: { x: 0, at: 1 },
  })
  expect(JSON.parse(add.stats!).maxValues).not.toHaveProperty('x')
  expect((await oracle.query(key, `SELECT count(*) c FROM t WHERE n = 9007199254740993 AND name = '${long}'`)).rows).toEqual([{ c: 1 }])
})

test('what optimize makes of many files, delta-rs reads as the same rows; and the other way round', async () => {
  const table = open()
  for (let i = 1; i <= 6; i++) await appendNumbers(table, { numbers: [i, i + 10] })
  const before = await count()
  await table.optimize({ targetBytes: 1e8, sortBy: ['n'], untilMs: Number.POSITIVE_INFINITY })
  expect(await oracle.query(key, 'SELECT count(*) c FROM t')).toMatchObject({ files: 1, rows: [{ c: 12 }] })
  expect(await count()).toEqual(before)

  for (let i = 1; i <= 3; i++) await appendNumbers(table, { numbers: [100 + i] })
  await oracle.optimize(key)
  expect((await open().snapshot()).files.size).toBe(1)
  expect(await numbersIn(open(), store)).toEqual([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 101, 102, 103])
})

test('a column that delta-rs adds is no hindrance, and stays', async () => {
  await appendNumbers(open(), { numbers: [1] })
  await oracle.append(key, { n: ['long', [2]], name: ['string', ['b']], day: ['string', ['2026-11-21']], more: ['double', [0.5]] })
  await appendNumbers(open(), { numbers: [3] })

  expect((await oracle.query(key, 'SELECT n, more FROM t ORDER BY n')).rows).toEqual([
    { n: 1, more: null },
    { n: 2, more: 0.5 },
    { n: 3, more: null },
  ])
})

test('older versions can still be read', async () => {
  const table = open()
  for (let i = 1; i <= 3; i++) await appendNumbers(table, { numbers: [i] })
  expect((await oracle.query(key, 'SELECT count(*) c FROM t', 1)).rows).toEqual([{ c: 2 }])
  expect((await table.log.loadAt(1)).files.size).toBe(2)
})
