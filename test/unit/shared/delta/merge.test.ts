import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge } from '../../../../shared/delta/merge.ts'
import type { ParquetGroup } from '../../../../shared/ports/parquet.ts'

type Pair = readonly [symbol: string | null, at: number]

const compare = ([a, x]: Pair, [b, y]: Pair) => (a === b ? x - y : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1)

/** A group as a file has it; `open` notes which are in memory. */
function groupOf(pairs: readonly Pair[], name: number, open: (name: number) => void): ParquetGroup {
  const symbols = pairs.map(([symbol]) => symbol)
  const least = symbols.includes(null) ? null : symbols.reduce<string | null>((a, b) => (a === null || b! < a ? b : a), null)
  return {
    rows: pairs.length,
    least: { symbol: least, at: pairs.length > 0 ? BigInt(Math.min(...pairs.map(([, at]) => at))) : null },
    async read() {
      open(name)
      return { symbol: symbols, at: BigInt64Array.from(pairs, ([, at]) => BigInt(at)), name: pairs.map((_, i) => `${name}.${i}`) }
    },
  }
}

async function merged(groups: readonly (readonly Pair[])[], groupRows: number) {
  const opened: number[] = []
  const made = await Array.fromAsync(
    merge(
      groups.map((pairs, i) => groupOf(pairs, i, (name) => opened.push(name))),
      ['symbol', 'at'],
      groupRows,
    ),
  )
  const rows = made.flatMap(({ values }) =>
    Array.from(values.at!, (at, i) => ({ pair: [values.symbol![i], Number(at)] as Pair, name: values.name![i] })),
  )
  return { made, rows, opened }
}

test('whatever the groups are, their rows come in one order, each once, in groups of the size wanted; of equals the earlier ones first', async () => {
  const pair = fc.tuple(fc.constantFrom('A', 'B', 'C', null), fc.integer({ min: 0, max: 9 }))
  const groups = fc.array(fc.array(pair, { maxLength: 12 }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(groups, fc.integer({ min: 1, max: 10 }), fc.boolean(), async (drawn, groupRows, sorted) => {
      const all = sorted ? drawn.map((pairs) => pairs.toSorted(compare)) : drawn
      const { made, rows } = await merged(all, groupRows)
      const expected = all
        .flatMap((pairs, group) => pairs.map((one, i) => ({ pair: one, name: `${group}.${i}` })))
        .sort((a, b) => compare(a.pair, b.pair))
      expect(rows).toEqual(expected)
      expect(made.slice(0, -1).every((part) => part.rows === groupRows)).toBe(true)
    }),
  )
})

test('a group is read when its turn comes', async () => {
  const opened: number[] = []
  const later = groupOf([['B', 1]], 1, (name) => opened.push(name))
  const rows = merge([groupOf([['A', 1]], 0, (name) => opened.push(name)), later], ['symbol', 'at'], 1)
  await rows.next()
  expect(opened).toEqual([0])
  await rows.next()
  expect(opened).toEqual([0, 1])
})
