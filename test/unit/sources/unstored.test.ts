import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SourceTick } from '../../../triggers/sources/source.ts'
import { unstored } from '../../../triggers/sources/unstored.ts'

const tick = (subject: string, line: string): SourceTick => ({ atMs: 0, timestamp: 0, subject, line })

/** Chunks as a source gives them. */
async function* chunks(ticks: readonly SourceTick[], size: number) {
  for (let at = 0; at < ticks.length; at += size) yield ticks.slice(at, at + size)
}

/** What is left of the source, and how many ticks are settled (left out or handed on) before each of them. */
async function rest(ticks: readonly SourceTick[], stored: Record<string, string[]>, size = 2) {
  let settled = 0
  const left: { line: string; before: number }[] = []
  for await (const chunk of unstored(chunks(ticks, size), new Map(Object.entries(stored)), () => settled++)) {
    for (const { line } of chunk) left.push({ line, before: settled++ })
  }
  return { left, settled }
}

test('the beginning that is stored of each symbol is left out, equal ticks without an id as often as they are stored', async () => {
  const ticks = [tick('a', '1'), tick('b', '5'), tick('a', '1'), tick('a', '2'), tick('b', '6')]

  const { left, settled } = await rest(ticks, { a: ['1'], b: ['5', '6'] })

  expect(left).toEqual([
    { line: '1', before: 2 },
    { line: '2', before: 3 },
  ])
  expect(settled).toBe(5)
})

test('what came twice after a lost connection, and what others publish, is passed over', async () => {
  const ticks = ['1', '2', '3', '4'].map((line) => tick('a', line))

  const { left } = await rest(ticks, { a: ['x', '1', '2', '1', 'y', '2', '3', 'z'] })

  expect(left.map(({ line }) => line)).toEqual(['4'])
})

test('whatever part of each symbol is stored, the rest comes once, in order, and the count never runs ahead', async () => {
  const ticksOf = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 3 })), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(
      ticksOf,
      fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 1, max: 5 }),
      async (given, shares, size) => {
        const ticks = given.map(([subject, line]) => tick(subject, String(line)))
        const stored: Record<string, string[]> = { a: [], b: [], c: [] }
        const wanted: { line: string; before: number }[] = []
        for (const [before, { subject, line }] of ticks.entries()) {
          if (stored[subject]!.length < shares['abc'.indexOf(subject)]!) stored[subject]!.push(line)
          else wanted.push({ line, before })
        }

        const { left, settled } = await rest(ticks, stored, size)

        expect(left).toEqual(wanted)
        expect(settled).toBe(ticks.length)
      },
    ),
  )
})
