import fc from 'fast-check'
import { expect, test } from 'vitest'
import { choose } from '../../../../infra/faas/choose.ts'
import { backoffMs, deathsInARow } from '../../../../infra/faas/restart.ts'
import { serviceOf } from '../../../../infra/faas/route.ts'

const replicas = (count: number, busy: number[] = []) =>
  Array.from({ length: count }, (_, index) => ({ ready: true, isFull: false, inFlight: busy[index] ?? 0, record: { index } }))

test('without affinity the least busy replica that is ready is chosen', () => {
  const three = replicas(3, [2, 1, 3])
  expect(choose(three, undefined)?.record.index).toBe(1)
  three[1]!.ready = false
  expect(choose(three, undefined)?.record.index).toBe(0)
  expect(choose([], undefined)).toBeUndefined()
})

test('a replica that has as many requests as it may is passed over, with affinity too', () => {
  const two = replicas(2)
  const preferred = choose(two, 'slot')!
  preferred.isFull = true
  expect(choose(two, 'slot')).not.toBe(preferred)
  for (const replica of two) replica.isFull = true
  expect(choose(two, 'slot')).toBeUndefined()
})

test('a replica more moves only what it takes itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2, max: 5 }), (affinity, count) => {
      const before = choose(replicas(count), affinity)!.record.index
      const after = choose(replicas(count + 1), affinity)!.record.index
      expect([before, count]).toContain(after)
    }),
  )
})

test('affinities spread evenly', () => {
  const share = [0, 0, 0, 0]
  for (let i = 0; i < 4_000; i++) share[choose(replicas(4), `slot-${i}`)!.record.index]!++
  for (const count of share) expect(count).toBeGreaterThan(850)
})

test('a replica starts again at once, then after pauses that double up to five seconds', () => {
  expect([0, 1, 2, 3, 4, 20].map(backoffMs)).toEqual([0, 0, 50, 100, 200, 5_000])
})

test('one that served well for a while and dies has died once, however often it died before', () => {
  expect(deathsInARow(7, 2001)).toBe(1)
  expect(deathsInARow(7, 2000)).toBe(8)
  expect(deathsInARow(0, Number.NEGATIVE_INFINITY)).toBe(1)
})

test.each([
  ['/function/bars', 'bars', '/'],
  ['/function/bars/', 'bars', '/'],
  ['/function/bars?x=/y', 'bars', '/?x=/y'],
  ['/function/bars.openfaas-fn/a?b', 'bars', '/a?b'],
  ['/function/bars.dev/a', 'bars.dev', '/a'],
  ['/function/', '', '/'],
])('%s names function %s, which sees %s', (url, service, rest) => {
  expect(serviceOf(url)).toEqual({ service, rest })
})
