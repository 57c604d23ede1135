import { expect, test } from 'vitest'
import { parquet } from '../../../../../shared/adapters/parquet/parquet.ts'
import { Table } from '../../../../../shared/delta/table.ts'
import { versionOf } from '../../../../../shared/domain/version.ts'
import { auditTicks } from '../../../../../shared/lake/audit/audit.ts'
import { toTxns } from '../../../../../shared/lake/position-txns.ts'
import { TICK_COLUMNS, tickTable } from '../../../../../shared/lake/tick-table.ts'
import { memoryLakeStream } from '../../../../support/memory-lake-stream.ts'
import { memoryObjectStore } from '../../../../support/memory-object-store.ts'

const SLOTS = Array.from({ length: 16 }, (_, slot) => slot)

type Written = {
  readonly epoch?: number
  readonly slots?: readonly number[]
  readonly upTo: number
  readonly lines?: readonly [number, number][]
}

function start({ mostRows = 10_000, last = 100, first = 1 } = {}) {
  const store = memoryObjectStore()
  const table = new Table(tickTable('lake/ticks', 'dt', 'snappy'), store, parquet)
  const stream = memoryLakeStream({ first, last, nowMs: 1000 * last })
  const options = { table, store, parquet, stream, functionName: 'f', streamName: 'S', mostRows, untilMs: Number.POSITIVE_INFINITY }
  /** Commits rows, by their messages and places in them, and the position. */
  const commit = async (sequences: readonly number[], { epoch = 1, slots = SLOTS, upTo, lines }: Written) => {
    const rows = lines ?? sequences.map((sequence) => [sequence, 0] as const)
    const file = table.file({ dt: '2026-11-21' })
    const of: Record<string, (number | bigint)[]> = {
      timestamp: rows.map(([sequence]) => BigInt(sequence) * 1_000_000n),
      stream_epoch: rows.map(() => epoch),
      stream_seq: rows.map(([sequence]) => BigInt(sequence)),
      stream_line: rows.map(([, line]) => line),
    }
    file.write(rows.length, Object.fromEntries(TICK_COLUMNS.map(({ name }) => [name, of[name] ?? rows.map(() => null)])))
    const { add, bytes } = file.finish(Date.now())
    await table.store(add, bytes)
    await table.append(() => ({ adds: [add], txns: toTxns('f', 'S', slots, { version: versionOf(epoch, upTo), ns: '1' }) }))
  }
  return { commit, stream, options, audit: (exact = true) => auditTicks(options, exact) }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

test('a table that holds all of its stream is whole, and says where it stands', async () => {
  const { commit, audit } = start()
  await commit(range(1, 60), { upTo: 60 })
  await commit(range(61, 90), { upTo: 90 })
  const found = await audit()

  expect(found.faults).toEqual([])
  expect(found.notKnown).toEqual([])
  expect(found.partitions).toEqual([
    expect.objectContaining({ partition: '2026-11-21', files: 2, rows: 90, from: 1, to: 90, earliest: '1970-01-01T00:00:01.000Z' }),
  ])
  expect(found.standings).toEqual([{ slots: SLOTS, epoch: 1, sequence: 90 }])
  expect(found.stream).toMatchObject({ committed: 90, lagMessages: 10, lagSeconds: 9, lost: 0 })
  expect(found.counts).toEqual({ from: 1, to: 90, messages: 90, rows: 90, refused: 0, missing: 0, unexplained: 0, double: 0 })
})

test('messages that are not there and rows that are there twice are told; what was refused is no loss', async () => {
  const { commit, audit, stream } = start()
  await commit([...range(1, 50), 20, ...range(53, 60)], { upTo: 60 })
  stream.refusals.add(versionOf(1, 51))
  const found = await audit()

  expect(found.counts).toMatchObject({ messages: 60, refused: 1, missing: 1, double: 1 })
  expect(found.faults).toHaveLength(2)
})

test('a message of several ticks is one message, and none of its rows is a double', async () => {
  const { commit, audit } = start()
  const lines = range(1, 10).flatMap((sequence): [number, number][] => [0, 1, 2].map((line) => [sequence, line]))
  await commit([], { upTo: 10, lines })
  expect((await audit()).counts).toMatchObject({ messages: 10, rows: 30, missing: 0, double: 0 })
})

test('where dead letters were removed, a message without a row is unexplained, not missing', async () => {
  const { commit, audit, stream } = start()
  await commit([...range(1, 9), ...range(11, 20)], { upTo: 20 })
  stream.isComplete = false
  expect((await audit()).counts).toMatchObject({ missing: null, unexplained: 1 })
})

test('what the stream dropped before it was committed is lost', async () => {
  const { commit, audit } = start({ first: 41, last: 100 })
  await commit(range(1, 30), { upTo: 30 })
  const found = await audit()
  expect(found.stream).toMatchObject({ lost: 10, lagMessages: 60 })
  expect(found.faults).toEqual(['the stream dropped 10 messages before they were committed'])
})

test('only the newest messages are counted where there are more rows than are affordable, and the rest is said to be not known', async () => {
  const { commit, audit } = start({ mostRows: 50 })
  for (const from of [1, 31, 61]) await commit(range(from, from + 29), { upTo: from + 29 })
  const found = await audit()
  expect(found.counts).toMatchObject({ from: 61, to: 90, messages: 30, missing: 0 })
  expect(found.notKnown).toEqual(['whether messages before 61 are missing or double'])
  expect((await audit(false)).counts).toBeNull()
})

test('slots that stand apart are whole up to the one that is furthest behind', async () => {
  const { commit, audit } = start()
  await commit(range(1, 20), { upTo: 20, slots: [0, 1] })
  await commit([], { upTo: 35, slots: [2, 3], lines: [[30, 0]] })
  const found = await audit()
  expect(found.standings).toHaveLength(2)
  expect(found.stream.committed).toBe(20)
  expect(found.counts).toMatchObject({ to: 20, missing: 0 })
})

test('a new life of the stream is held against itself', async () => {
  const { commit, audit, stream } = start({ last: 30 })
  await commit(range(1, 20), { upTo: 20 })
  stream.now.epochs = [
    { epoch: 1, from: 1 },
    { epoch: 2, from: 11 },
  ]
  await commit(range(11, 25), { epoch: 2, upTo: 25 })
  const found = await audit()
  expect(found.stream).toMatchObject({ epoch: 2, committed: 25, lagMessages: 5 })
  expect(found.counts).toMatchObject({ from: 11, to: 25, messages: 15, missing: 0, double: 0 })
})

test('a table that is not there yet lags behind all of its stream, and nothing is wrong with it', async () => {
  const { audit } = start()
  const found = await audit()
  expect(found).toMatchObject({ version: -1, faults: [], counts: null, stream: { committed: null, lagMessages: 100, lost: 0 } })
})
