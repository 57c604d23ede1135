import { expect, test } from 'vitest'
import type { Outcome } from '../../../../triggers/acked/step.ts'
import { DONE, names, REFUSED, setUp } from './desk-set-up.ts'

test('a key in a call, or waiting to be tried again, holds back its later messages and no others', () => {
  const { clock, take, call, next, settle } = setUp({ batch: 2, concurrency: 3 })
  take('abc', { key: 'k' })
  const first = call()
  expect([names(first), next().kind]).toEqual(['ab', 'idle'])
  take('d', { key: 'l' })
  const other = call()
  expect(names(other)).toBe('d')
  settle(first, { kind: 'partly', failures: [{ index: 0, retry: true }] })
  take('e', { key: 'k' })
  settle(other, DONE)
  expect(next()).toEqual({ kind: 'wait', ms: 100 })
  clock.ms += 100
  // The function had done b before a: it comes again.
  const again = call()
  expect(names(again)).toBe('ab')
  settle(again, DONE)
  expect(names(call())).toBe('ce')
})

test('what is behind one that failed waits for nothing but that one, however few repeats the pace allows', () => {
  const { clock, take, run } = setUp({ batch: 50, maxBytes: 1000, steady: 10 })
  const beganMs = clock.ms
  take(`f${'-'.repeat(49)}`, { key: 'k' })
  const failures = Array.from({ length: 50 }, (_, index) => ({ index, code: index === 0 ? 'FAILED' : 'ERR_UNAVAILABLE', retry: true }))
  const failing: Outcome[] = [
    { kind: 'partly', failures },
    { kind: 'partly', failures: failures.slice(0, 1) },
  ]
  const { calls } = run(() => failing.shift() ?? DONE)
  expect(calls).toEqual([`f${'-'.repeat(49)}`, 'f', 'f', '-'.repeat(49)])
  expect(clock.ms - beganMs).toBe(300)
})

test('those behind one that is tried no more go on at once', () => {
  const { clock, take, run } = setUp({ batch: 10, maxAttempts: 1 })
  const beganMs = clock.ms
  take('abc', { key: 'k' })
  const failures = [0, 1, 2].map((index) => ({ index, code: index === 0 ? 'FAILED' : 'ERR_UNAVAILABLE', retry: true }))
  expect(run((held) => (held === 'abc' ? { kind: 'partly', failures } : DONE))).toEqual({ calls: ['abc', 'bc'], dead: ['a FAILED 1'] })
  expect(clock.ms).toBe(beganMs)
})

test.each([
  ['ERR_UNAVAILABLE', 'ERR_UNAVAILABLE', 1],
  ['FAILED', 'ERR_UNAVAILABLE', 1],
  ['ERR_UNAVAILABLE', 'ERR_UNAVAILABLE', 2],
])('an outage told message by message (%s, behind it %s, of each %ith key) ends in no storm either', (code, behind, each) => {
  const { desk, clock, take, next, settle } = setUp({ batch: 100, maxBytes: 10_000, concurrency: 1, maxAttempts: 1000, steady: 100 })
  for (let i = 0; i < 5000; i++) take('-', { key: `k${i % 100}` })
  const backMs = clock.ms + 10_000
  const again = new Map<number, number>()
  for (let step = next(); step.kind !== 'idle' && clock.ms < backMs + 30_000; step = next()) {
    if (step.kind === 'wait') clock.ms += Math.ceil(step.ms)
    if (step.kind !== 'call') continue
    const { messages } = step.call
    const second = Math.floor((clock.ms - backMs) / 1000)
    if (second >= 0) again.set(second, (again.get(second) ?? 0) + messages.filter(({ sends }) => sends > 1).length)
    const isFirst = (key: string | undefined, index: number) => messages.findIndex((one) => one.key === key) === index
    const failures = messages.flatMap(({ key = '' }, index) =>
      Number(key.slice(1)) % each === 0 ? [{ index, code: isFirst(key, index) ? code : behind, retry: true }] : [],
    )
    clock.ms++
    settle(step.call, clock.ms < backMs ? { kind: 'partly', failures } : DONE)
    if (clock.ms % 1000 < 2) desk.measure(clock.ms)
  }
  expect(Math.max(...again.values())).toBeLessThanOrEqual(120)
  // Where some get through, those are what is measured.
  if (each === 1) expect(desk.steady).toBeLessThanOrEqual(120)
})

test('one given up lets the next of its key go only when it is in the dead letters', () => {
  const { desk, clock, take, call, next, settle } = setUp({ batch: 1 })
  take('ab', { key: 'k' })
  settle(call(), REFUSED)
  expect(next()).toMatchObject({ kind: 'bury', dead: [{ message: { content: 'a' }, code: 'FAILED', error: '422: no', attempts: 1 }] })
  expect(next()).toEqual({ kind: 'idle' })
  desk.buried(clock.ms)
  expect(names(call())).toBe('b')
})

test('after an outage, what comes again is no faster than the function was before, and what is new waits for none of it', () => {
  const { desk, clock, take, next, settle } = setUp({ batch: 50, concurrency: 4, maxBytes: 100_000, steady: undefined })
  /** So many new ones in a second; gives how many came again, and how many calls of new ones there were. */
  const second = (perSecond: number) => {
    const sent = { again: 0, fresh: 0 }
    for (let slice = 0; slice < 100; slice++) {
      take('n'.repeat(perSecond / 100))
      for (let step = next(); step.kind === 'call'; step = next()) {
        for (const { content } of step.call.messages) sent[content === 'n' ? 'fresh' : 'again']++
        settle(step.call, DONE)
      }
      clock.ms += 10
    }
    desk.measure(clock.ms)
    return sent
  }
  for (let i = 0; i < 10; i++) second(1000)
  expect(desk.steady).toBeCloseTo(1000, -1)
  take('r'.repeat(5000), { again: true })
  const after = Array.from({ length: 6 }, () => second(1000))
  expect(Math.max(...after.map(({ again }) => again))).toBeLessThanOrEqual(1200)
  expect(after.reduce((sum, { again }) => sum + again, 0)).toBe(5000)
  expect(after.map(({ fresh }) => fresh)).toEqual(after.map(() => 1000))
})
