import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parquet } from '../../../../shared/adapters/parquet/parquet.ts'
import type { ColumnData } from '../../../../shared/delta/column-data.ts'
import type { Column } from '../../../../shared/delta/schema.ts'
import { Stats } from '../../../../shared/delta/stats.ts'
import { coded, compact } from '../../../support/column-data.ts'

type Value = string | number | null

/** What a file of one column gives back, a group each, and what its statistics say. */
async function readBack(column: Column, groups: readonly ColumnData[], codec: 'snappy' | 'zstd' = 'snappy') {
  const stats = new Stats([column])
  const file = parquet.file([column], codec)
  for (const data of groups) file.write({ [column.name]: data }, stats.add({ [column.name]: data }))
  const read: unknown[][] = []
  for await (const group of parquet.groups(file.finish(), [column])) read.push(Array.from(group[column.name]!))
  return { read, stats: String(stats) }
}

const isLong = (type: Column['type']) => type === 'long' || type === 'timestamp'
const plainOf = (type: Column['type'], values: readonly Value[]) =>
  values.map((value) => (value !== null && isLong(type) ? BigInt(value) : value))

const safe = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: 1_700_000_000_000_000, max: 1_700_000_100_000_000 }),
)
const small = fc.oneof(fc.integer(), fc.constant(0))
const double = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 167.41, 167.42, 5e-324, Number.MAX_VALUE))
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.nat(300).map((n) => `20131007-${n}`),
)
const ofType: Partial<Record<Column['type'], fc.Arbitrary<Value>>> = {
  double,
  long: safe,
  timestamp: fc.integer({ min: 0, max: 2 ** 50 }),
  integer: small,
  string: text,
}

test.each(Object.entries(ofType))('a column of %s that costs no object a row is the same as one of plain values', async (name, value) => {
  const type = name as Column['type']
  // What is mostly one thing makes runs, of which the encodings are made.
  const groups = fc.array(fc.array(fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null)), { minLength: 1, maxLength: 400 }), {
    minLength: 1,
    maxLength: 3,
  })
  await fc.assert(
    fc.asyncProperty(groups, fc.constantFrom('snappy' as const, 'zstd' as const), async (columns, codec) => {
      const column: Column = { name: 'c', type, nullable: true }
      const plain = columns.map((values) => plainOf(type, values))
      const expected = await readBack(column, plain as ColumnData[], codec)
      expect(expected.read).toEqual(plain)
      expect(
        await readBack(
          column,
          columns.map((values) => compact(type, values)),
          codec,
        ),
      ).toEqual(expected)
      if (type !== 'string') return
      expect(
        await readBack(
          column,
          columns.map((values) => coded(values as (string | null)[])),
          codec,
        ),
      ).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

test('long columns of few and of many different numbers, of steps of every width, and of texts that share what they begin with', async () => {
  const rows = 70_000
  const make = (of: (i: number) => Value) => Array.from({ length: rows }, (_, i) => of(i))
  const columns: readonly (readonly [Column['type'], readonly Value[]])[] = [
    ['double', make((i) => 167 + (i % 100) / 100)],
    ['double', make((i) => 167 + i / 1024)],
    ['double', make((i) => (i % 3 ? null : i / 1024))],
    ['long', make((i) => 2 ** ((i * 7) % 52))],
    ['timestamp', make((i) => 1_760_000_000_000_000 + (i >> 4) * 1000)],
    ['integer', make((i) => (i % 2 ? -(2 ** 31) : 2 ** 31 - 1))],
    ['integer', make(() => 0)],
    ['string', make((i) => `20131007-${i}`)],
    ['string', make(() => null)],
  ]
  for (const [type, values] of columns) {
    const { read } = await readBack({ name: 'c', type, nullable: true }, [compact(type, values)])
    expect(read).toEqual([plainOf(type, values)])
  }
})

test('a column that takes no null refuses one', async () => {
  const column: Column = { name: 'c', type: 'long', nullable: false }
  expect((await readBack(column, [compact('long', [1, 2])])).read).toEqual([[1n, 2n]])
  await expect(readBack(column, [compact('long', [1, null])])).rejects.toThrow('c has nulls')
})
