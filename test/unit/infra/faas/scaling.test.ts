import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ScaleRule, scaleRuleOf } from '../../../../infra/faas/scale-rule.ts'
import { Scaler } from '../../../../infra/faas/scaler.ts'
import { nextScale, type ScaleState, type Seen } from '../../../../infra/faas/scaling.ts'

const DOWN_MS = 30_000
const rule = (more: Partial<ScaleRule> = {}): ScaleRule => ({ min: 1, max: 5, target: 10, alertPercent: 10, zeroAfterMs: null, ...more })
const at = (count: number, more: Partial<ScaleState> = {}): ScaleState => ({ count, rest: 1, busyMs: 0, needs: [], ...more })

/** Lets a function live through what is seen, and says how many replicas it had after each. */
function live(of: ScaleRule, seen: readonly Seen[], state = at(of.min, { rest: of.min })): number[] {
  return seen.map((one) => {
    state = nextScale(of, DOWN_MS, state, one)
    return state.count
  })
}
const seen = (nowMs: number, load: number): Seen => ({ nowMs, load, busy: load > 0 })

describe('how many replicas', () => {
  test('is the calls in flight by what one replica takes, rounded up, between least and most', () => {
    expect([0, 1, 10, 10.1, 35, 1_000].map((load) => live(rule(), [seen(0, load)])[0])).toEqual([1, 1, 1, 2, 4, 5])
    expect(live(rule({ min: 2, max: 3 }), [seen(0, 0), seen(1, 100)])).toEqual([2, 3])
  })

  test('grows at once and shrinks only to what was needed most in the last half minute', () => {
    const load: [number, number][] = [
      [0, 45],
      [10_000, 25],
      [20_000, 5],
      [29_999, 5],
      [30_001, 5],
      [40_001, 5],
    ]
    expect(
      live(
        rule(),
        load.map(([ms, calls]) => seen(ms, calls)),
      ),
    ).toEqual([5, 5, 5, 5, 3, 1])
  })

  test('asked for by hand is what there is at rest, and calls may need more', () => {
    const [resting] = [nextScale(rule(), DOWN_MS, at(3, { rest: 3 }), seen(99_000, 0))]
    expect(resting!.count).toBe(3)
    expect(nextScale(rule(), DOWN_MS, resting!, seen(99_500, 45)).count).toBe(5)
  })

  test('is none after the time without a call, and none until the next one', () => {
    const sleeps = rule({ zeroAfterMs: 5_000, min: 2 })
    expect(live(sleeps, [seen(1_000, 1), seen(5_999, 0), seen(6_000, 0), seen(60_000, 0), seen(60_500, 0.1)])).toEqual([2, 2, 0, 0, 2])
  })
})

test('whatever the load: within bounds, enough for the calls, and never none while there are calls', () => {
  const rules = fc.record({
    min: fc.integer({ min: 1, max: 5 }),
    max: fc.constant(5),
    target: fc.double({ min: 0.7, max: 20, noNaN: true }),
    alertPercent: fc.constant(10),
    zeroAfterMs: fc.option(fc.integer({ min: 1_000, max: 60_000 })),
  })
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.double({ min: 0, max: 200, noNaN: true })), { maxLength: 40 })
  fc.assert(
    fc.property(rules, steps, fc.integer({ min: 1, max: 5 }), (of, loads, rest) => {
      let nowMs = 0
      let state = at(rest, { rest })
      for (const [ms, load] of loads) {
        nowMs += ms
        const before = state.count
        state = nextScale(of, DOWN_MS, state, seen(nowMs, load))
        const enough = Math.min(of.max, Math.ceil(load / of.target))
        if (load > 0) expect(state.count).toBeGreaterThanOrEqual(Math.max(1, enough))
        if (state.count > 0) expect(state.count).toBeGreaterThanOrEqual(of.min)
        else expect([of.zeroAfterMs !== null, load]).toEqual([true, 0])
        expect(state.count).toBeLessThanOrEqual(of.max)
        expect(state.needs.length).toBeLessThanOrEqual(5)
        if (before === 0 && load === 0) expect(state.count).toBe(0)
      }
    }),
  )
})

test('the same load gives the same count: no flapping', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 200, noNaN: true }), (load) => {
      const counts = live(
        rule(),
        Array.from({ length: 100 }, (_, i) => seen(i * 500, load)),
      )
      expect(new Set(counts).size).toBe(1)
    }),
  )
})

test('a scaler counts calls by the time they are in flight', () => {
  const scaler = new Scaler(rule({ target: 1 }), 1, DOWN_MS, 0)
  for (let i = 0; i < 6; i++) scaler.enter(0)
  for (let i = 0; i < 6; i++) scaler.leave(500)
  expect(scaler.next(1_000)).toBe(3)
  expect(scaler.inFlight).toBe(0)
  scaler.enter(1_000)
  expect(scaler.next(DOWN_MS + 1_001)).toBe(1)
})

test('a call that came and went between two looks keeps a function awake', () => {
  const scaler = new Scaler(rule({ zeroAfterMs: 2_000 }), 1, DOWN_MS, 0)
  scaler.enter(1_900)
  scaler.leave(1_900)
  expect(scaler.next(2_000)).toBe(1)
  expect(scaler.next(3_999)).toBe(1)
  expect(scaler.next(4_000)).toBe(0)
  expect(scaler.wake(4_100)).toBe(1)
})

describe('the rule', () => {
  const of = (labels: Record<string, string>, annotations: Record<string, string> = {}, envVars: Record<string, string> = {}) =>
    scaleRuleOf({ service: 'a', image: 'a', labels, annotations, envVars })

  test("has OpenFaaS's least and most, 1 and 5 unless labels say otherwise", () => {
    expect(of({})).toEqual({ min: 1, max: 5, target: 10, alertPercent: 10, zeroAfterMs: null })
    expect(of({ 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '3' })).toMatchObject({ min: 2, max: 3 })
    expect(() => of({ 'com.openfaas.scale.min': '3', 'com.openfaas.scale.max': '2' })).toThrow(/above/)
    expect(() => of({ 'com.openfaas.scale.max': '6' })).toThrow(/scale.max is "6"/)
    expect(of({ 'com.openfaas.scale.factor': '100' }).alertPercent).toBe(100)
    expect(() => of({ 'com.openfaas.scale.factor': '0' })).toThrow(/scale.factor is "0"/)
  })

  test('takes target and sleep from annotations, and the target from max_inflight', () => {
    expect(of({}, { 'scale.target': '3', 'scale.zero-after': '5m' })).toMatchObject({ target: 3, zeroAfterMs: 300_000 })
    expect(of({}, {}, { max_inflight: '4' }).target).toBeCloseTo(2.8)
    expect(of({}, {}, { max_inflight: '100' }).target).toBe(10)
    expect(of({}, { 'trigger.stream': 'X' })).toMatchObject({ zeroAfterMs: null })
  })

  test.each([
    [{ 'scale.target': '0' }, /scale.target is "0"/],
    [{ 'scale.zero-after': '10ms' }, /scale.zero-after is "10ms"/],
    [{ 'scale.zero-afer': '5m' }, /scale.zero-afer is unknown/],
  ])('%j is refused', (annotations, words) => {
    expect(() => of({}, annotations as Record<string, string>)).toThrow(words)
  })

  test('of a server with a port of its own allows one replica', () => {
    const env = { fprocess: 'python3 a.py', upstream_url: 'http://127.0.0.1:5000' }
    expect(of({}, {}, env).max).toBe(1)
    expect(() => of({ 'com.openfaas.scale.min': '2' }, {}, env)).toThrow(/one replica, on port 5000/)
  })
})
