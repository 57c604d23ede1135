import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Add } from '../../../../shared/delta/action.ts'
import { nextBin, tagsOf } from '../../../../shared/delta/bins.ts'
import { rowsOf } from '../../../../shared/delta/stats.ts'

const MB = 1e6
const TARGET = 128 * MB
const NOBODY = new Set<string>()
let made = 0

const fileOf = (size: number, atMs: number, rows = 1000, day = '2026-11-21'): Add => ({
  path: `${made++}`,
  partitionValues: { dt: day },
  size,
  modificationTime: atMs,
  dataChange: true,
  stats: `{"numRecords":${rows}}`,
})

const options = { targetBytes: TARGET, sortBy: ['a'] }

/** Rewrites as `optimize` does, with rows that keep their size, until nothing is worth it. @returns the files and how many bytes were written. */
function settled(files: readonly Add[], writtenSinceMs?: number) {
  let live = [...files]
  let writtenBytes = 0
  for (let steps = 0; ; steps++) {
    const bin = nextBin(live, { ...options, ...(writtenSinceMs !== undefined && { writtenSinceMs }) }, NOBODY)
    if (!bin) return { files: live, writtenBytes, steps }
    if (steps > 10_000) throw new Error('it never ends')
    live = live.filter((add) => !bin.files.includes(add))
    let bytes = bin.files.reduce((sum, { size }) => sum + size, 0)
    const perByte = bin.files.reduce((sum, add) => sum + rowsOf(add), 0) / bytes
    writtenBytes += bytes
    for (; bytes > 0; bytes -= TARGET) {
      const size = Math.min(bytes, TARGET)
      live.push({ ...fileOf(size, 0, Math.round(size * perByte)), tags: tagsOf(bin.files, ['a']) })
    }
  }
}

test('whatever a partition is made of, once no rows come any more it ends as one file per 128 MiB and one for the rest', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1000, max: 100_000 }), fc.integer({ min: MB, max: 300 * MB })), { maxLength: 60 })
  fc.assert(
    fc.property(sizes, (drawn) => {
      const files = drawn.map((size, i) => fileOf(size, i))
      const total = drawn.reduce((a, b) => a + b, 0)
      expect(settled(files).files.length).toBeLessThanOrEqual(Math.ceil(total / TARGET))
    }),
  )
})

test.each([20_000, 500_000, 9 * MB])(
  'while a day of flushes of %d bytes comes in, few files stand, and a row is rewritten a few times',
  (size) => {
    let files: Add[] = []
    let writtenBytes = 0
    let most = 0
    for (let run = 0; run < 288; run++) {
      for (let i = 0; i < 30; i++) files.push(fileOf(size, run * 30 + i))
      const after = settled(files, 0)
      files = after.files
      writtenBytes += after.writtenBytes
      most = Math.max(most, files.filter((add) => add.size < TARGET).length)
    }
    const total = 8640 * size
    expect(most).toBeLessThanOrEqual(4 * 8)
    expect(writtenBytes / total).toBeLessThan(6)
    const closed = settled(files)
    expect(closed.files.length).toBeLessThanOrEqual(Math.ceil(total / TARGET))
    expect((writtenBytes + closed.writtenBytes) / total).toBeLessThan(7)
  },
)

test.each([
  [8640, 20_000, 1000],
  [1000, 500_000, 60_000],
])('%d flushes of %d bytes that were left alone are rewritten a few times, not with every step', (flushes, size, rows) => {
  const { files, writtenBytes } = settled(Array.from({ length: flushes }, (_, i) => fileOf(size, i, rows)))
  expect(files.length).toBeLessThanOrEqual(Math.ceil((flushes * size) / TARGET))
  expect(writtenBytes / (flushes * size)).toBeLessThan(4.5)
})

test('files that are not sorted are taken by half a million rows at a time; sorted ones count by a group', () => {
  const plain = Array.from({ length: 20 }, (_, i) => fileOf(MB, i, 150_000))
  expect(nextBin(plain, options, NOBODY)?.files).toHaveLength(3)
  const sorted = plain.map((add) => ({ ...add, tags: tagsOf([add], ['a']) }))
  expect(nextBin(sorted, options, NOBODY)?.files).toHaveLength(8)
})

test('a partition that was given up is left alone, and the one with the most files goes first', () => {
  const files = ['x', 'y', 'y', 'y', 'z', 'z'].map((day, i) => fileOf(MB, i, 10, day))
  const first = nextBin(files, options, NOBODY)
  expect(first?.files).toHaveLength(3)
  expect(nextBin(files, options, new Set([first!.partition]))?.files).toHaveLength(2)
})
