import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameOf, type Step, schedule, TARGETS } from '../../chaos/schedule.ts'

function steps(seed: number, count: number): Step[] {
  const endless = schedule(seed)
  return Array.from({ length: count }, () => endless.next().value as Step)
}

test('a seed gives the same faults in the same order', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      expect(steps(seed, 60)).toEqual(steps(seed, 60))
    }),
  )
})

test('the first round holds every kind of fault, and a kill of every piece', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const names = steps(seed, TARGETS.length + 14).map(nameOf)

      for (const target of TARGETS) expect(names).toContain(`kill ${target}`)
      expect(names).toEqual(expect.arrayContaining(['store: all', 'store: away', 'store: full']))
      expect(names).toEqual(expect.arrayContaining(['kill flush-batch at commit', 'kill lake-upkeep at commit']))
      const kinds = ['readers', 'stale-flush', 'second-trigger', 'empty-valkey', 'rewind-valkey', 'recreate-stream', 'cut-stream']
      expect(names).toEqual(expect.arrayContaining(kinds))
    }),
  )
})

test('two seeds give other orders', () => {
  expect(steps(1, 16)).not.toEqual(steps(2, 16))
})
