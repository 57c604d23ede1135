import { expect, test } from 'vitest'
import { Pace } from '../../../../triggers/acked/pace.ts'

/** So many settled in each of some seconds, looked at each second. */
function live(pace: Pace, perSecond: number, seconds: number, fromMs = 0): number {
  let nowMs = fromMs
  pace.measure(nowMs, true)
  for (let i = 0; i < seconds; i++) {
    pace.settled(perSecond)
    nowMs += 1000
    pace.measure(nowMs, true)
  }
  return nowMs
}

/** How many are allowed within a time, looked at each 10 ms. */
function allowed(pace: Pace, fromMs: number, ms: number): number {
  let sum = 0
  for (let nowMs = fromMs; nowMs <= fromMs + ms; nowMs += 10) {
    const count = pace.allowance(nowMs, 1000)
    pace.spend(count)
    sum += count
  }
  return sum
}

test('repeats are no faster than what was steady, with a tenth of a second at once', () => {
  const pace = new Pace()
  const nowMs = live(pace, 500, 60)
  expect(pace.steady).toBeCloseTo(500)
  const sent = allowed(pace, nowMs, 10_000)
  expect(sent).toBeGreaterThan(4900)
  expect(sent).toBeLessThanOrEqual(500 * 10 * 1.2)
})

test('what was never measured is taken to be the least, of which a batch may go', () => {
  expect(new Pace().steady).toBeUndefined()
  expect(allowed(new Pace(), 0, 10_000)).toBeLessThanOrEqual(110)
  expect(new Pace(100).waitMs(0, 10)).toBe(0)
})

test('an outage and what comes right after it are no measure', () => {
  const pace = new Pace()
  let nowMs = live(pace, 500, 60)
  pace.away(nowMs)
  nowMs += 10_000
  pace.back(nowMs)
  for (let i = 0; i < 5; i++) {
    pace.settled(5000)
    nowMs += 1000
    pace.measure(nowMs, false)
  }
  expect(pace.steady).toBeCloseTo(500)
})

test('seconds without a message say nothing, later ones count more, and an earlier process is believed', () => {
  const pace = new Pace(10, 200)
  expect(pace.steady).toBe(200)
  const nowMs = live(pace, 0, 100)
  expect(pace.steady).toBe(200)
  live(pace, 400, 60, nowMs)
  expect(pace.steady).toBeGreaterThan(350)
})
