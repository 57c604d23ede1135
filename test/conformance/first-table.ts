import { expect, test } from 'vitest'
import type { First, FirstTable } from '../../shared/ports/first-table.ts'

const first = (version: number): First => ({
  id: `d${version}`,
  version,
  timeMs: 1000 * version,
  simhash: version % 2 ? null : '00ff00ff00ff00ff',
})

/** What every table of first messages must do. @param fresh - an empty one, as two processes see it. */
export function firstTableCases(fresh: () => readonly [FirstTable, FirstTable]): void {
  test('what is written down is there for others, with its state, until it is struck out', async () => {
    const [mine, other] = fresh()
    expect(await mine.mark()).toBeUndefined()
    expect(await mine.all()).toEqual({ mark: undefined, firsts: [] })
    const one = await mine.keep(undefined, [first(1), first(2)], [], 2)
    const two = await mine.keep(one, [first(5)], ['d1'], 7)
    expect(two).toMatchObject({ through: 7 })
    expect(await other.mark()).toEqual(two)
    const { mark, firsts } = await other.all()
    expect(mark).toEqual(two)
    expect(firsts.toSorted((a, b) => a.version - b.version)).toEqual([first(2), first(5)])
  })

  test('a table that is in another state than the writer knows is left alone', async () => {
    const [mine, other] = fresh()
    const one = await mine.keep(undefined, [first(1)], [], 1)
    expect(await other.keep(undefined, [first(2)], [], 2)).toBeUndefined()
    const two = await other.keep(one, [], [], 1)
    expect(two).not.toEqual(one)
    expect(await mine.keep(one, [first(2)], ['d1'], 2)).toBeUndefined()
    expect(await mine.all()).toEqual({ mark: two, firsts: [first(1)] })
  })

  test('a table that was emptied is in no state', async () => {
    const [mine, other] = fresh()
    const one = await mine.keep(undefined, [first(1)], [], 1)
    await other.clear()
    expect(await mine.keep(one, [first(2)], [], 2)).toBeUndefined()
    expect(await mine.all()).toEqual({ mark: undefined, firsts: [] })
    expect(await mine.keep(undefined, [first(3)], [], 3)).toMatchObject({ through: 3 })
  })
}
