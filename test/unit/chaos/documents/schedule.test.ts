import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MUST, nameOf, type Step, schedule, TARGETS } from '../../../chaos/documents/schedule.ts'

function steps(seed: number, minutes: number, count: number): Step[] {
  const endless = schedule(seed, minutes)
  return Array.from({ length: count }, () => endless.next().value as Step)
}

test('the first steps are one of each that any run must have, in an order of the seed', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const names = steps(seed, 3, MUST).map(nameOf)

      const kinds = names.map((name) => name.replace(/^(OpenSearch read-only|empty Valkey):.*/, '$1'))
      expect(kinds.toSorted()).toEqual([...TARGETS.map((target) => `kill ${target}`), 'OpenSearch read-only', 'empty Valkey'].sort())
      expect(steps(seed, 3, 60)).toEqual(steps(seed, 3, 60))
    }),
  )
  expect(steps(1, 3, MUST)).not.toEqual(steps(2, 3, MUST))
})

test('OpenSearch is read-only for a minute, or for a fifth of a short run, in both ways by turns', () => {
  const blocks = (minutes: number) => steps(5, minutes, 60).filter((step) => step.fault === 'read-only')
  expect(blocks(10).map(({ ms }) => ms)).toEqual([60_000, 60_000, 60_000])
  expect(blocks(0.5)[0]!.ms).toBe(6000)
  expect(new Set(blocks(10).map(({ what }) => what))).toEqual(new Set(['indices', 'cluster']))
})
