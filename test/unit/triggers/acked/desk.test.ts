import { expect, test } from 'vitest'
import { away, DONE, FAILED, names, REFUSED, setUp } from './desk-set-up.ts'

test('a batch leaves at once while a call slot is free, and no larger than its limits', () => {
  const { desk, take, call, next } = setUp({ batch: 3, concurrency: 3, maxBytes: 25 })
  take('a')
  expect(names(call())).toBe('a')
  take('bcdefg')
  expect([names(call()), names(call())]).toEqual(['bc', 'de'])
  expect(next()).toEqual({ kind: 'idle' })
  expect(desk.inFlight).toBe(3)
})

test('with a time to wait, a message waits for others, but not once the batch is full', () => {
  const { clock, take, call, next } = setUp({ batch: 3, waitMs: 250 })
  take('ab')
  clock.ms += 100
  expect(next()).toEqual({ kind: 'wait', ms: 150 })
  take('c')
  expect(names(call())).toBe('abc')
  take('d')
  clock.ms += 250
  expect(names(call())).toBe('d')
})

test('while the stream holds more than a batch, a batch waits to be full, but not for long', () => {
  const { desk, clock, take, call, next } = setUp({ batch: 3 })
  take('a')
  desk.behind(100)
  expect(next()).toEqual({ kind: 'wait', ms: 20 })
  clock.ms += 20
  expect(names(call())).toBe('a')
})

test('what is done is acknowledged; what failed by name comes again alone, after a growing pause, as often as it may', () => {
  const { take, run, answers } = setUp({ maxAttempts: 3 })
  take('abc')
  const { calls, dead } = run((held) => ({ kind: 'partly', failures: [...held].flatMap((name, index) => (name === 'b' ? [{ index, code: 'NO_STOCK', retry: true }] : [])) })) // biome-ignore format: one line
  expect(calls).toEqual(['abc', 'b', 'b'])
  expect(dead).toEqual(['b NO_STOCK 3'])
  expect(answers()).toEqual(['ack a', 'ack c', 'term b'])
})

test('pauses double up to the most, with a part left to chance, and Retry-After is kept to', () => {
  const { desk, clock, take, next } = setUp({ batch: 1, maxAttempts: 10, backoffMs: 100, backoffMostMs: 700 })
  take('a')
  const pauses: number[] = []
  let step = next()
  for (let i = 0; i < 6 && step.kind === 'call'; i++) {
    const before = clock.ms
    desk.settle(step.call, i < 5 ? FAILED : { ...FAILED, afterMs: 5000 }, clock.ms, i === 4 ? 0.5 : 0)
    for (step = next(); step.kind === 'wait'; step = next()) clock.ms += step.ms
    pauses.push(clock.ms - before)
  }
  expect(pauses).toEqual([100, 200, 400, 700, 525, 5000])
})

test('refused for good: halved without a pause down to the one at fault, and nobody else is given up', () => {
  const { take, run, answers } = setUp({ batch: 8, maxBytes: 1000 })
  take('abcdefgh')
  const { calls, dead } = run((held) => (held.includes('f') ? REFUSED : DONE))
  expect(calls).toEqual(['abcdefgh', 'abcd', 'efgh', 'ef', 'gh', 'e', 'f'])
  expect(dead).toEqual(['f FAILED 4'])
  expect(answers().toSorted()).toEqual([...'abcdegh'].map((name) => `ack ${name}`).concat('term f'))
})

test('failed as a whole: tried once more whole, then halved; one alone is given up when it has failed often enough', () => {
  const { take, run } = setUp({ batch: 4, maxAttempts: 5 })
  take('abcd')
  const { calls, dead } = run((held) => (held.includes('c') ? FAILED : DONE))
  expect(calls.slice(0, 4)).toEqual(['abcd', 'abcd', 'ab', 'cd'])
  expect(dead).toEqual(['c FAILED 5'])
  expect(calls.filter((held) => held === 'c')).toHaveLength(2)
})

test('a function that is away: one call at a time, nothing counted, and all goes on when it is back', () => {
  const { desk, clock, take, call, next, settle, run } = setUp({ batch: 1, concurrency: 4, maxAttempts: 1 })
  take('abcdef')
  for (const one of [call(), call(), call(), call()]) settle(one, away())
  const pauses: number[] = []
  for (let tries = 0; tries < 8; tries++) {
    const step = next()
    pauses.push(step.kind === 'wait' ? step.ms : 0)
    clock.ms += 5000
    const probe = call()
    expect(next()).toEqual({ kind: 'idle' })
    settle(probe, away())
  }
  // The longest is short: with one call, and what comes back should be found soon.
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000])
  expect(run(() => DONE)).toMatchObject({ dead: [] })
  expect(desk.held.messages).toBe(0)
})

test('Retry-After of a function that is away holds all calls back', () => {
  const { clock, take, call, next, settle } = setUp()
  take('a')
  settle(call(), away(3000))
  take('b')
  expect(next()).toEqual({ kind: 'wait', ms: 3000 })
  clock.ms += 3000
  expect(next().kind).toBe('call')
})

test('a message that breaks every call off is blamed once others get through, and not before', () => {
  const { take, run } = setUp({ batch: 1, concurrency: 1, maxAttempts: 3 })
  const crash = (held: string) => (held === 'x' ? away(0, true) : DONE)
  take('x')
  expect(run(crash, 60).dead).toEqual([])
  take('abcdefghij')
  expect(run(crash).dead).toEqual(['x FAILED 3'])
})

test('one that is turned away (429, 503) while others get through is never blamed, only asked less often', () => {
  const { clock, take, run } = setUp({ batch: 1, concurrency: 1, maxAttempts: 1, backoffMostMs: 10_000 })
  take('x')
  const before = clock.ms
  let asked = 0
  for (let i = 0; i < 40; i++) {
    take('a')
    const { calls, dead } = run((held) => (held === 'x' ? away() : DONE), 4)
    expect(dead).toEqual([])
    asked += calls.filter((held) => held === 'x').length
  }
  expect((clock.ms - before) / asked).toBeGreaterThan(1000)
})

test('its Retry-After holds back nobody else', () => {
  const { desk, clock, take, next, settle } = setUp({ batch: 1, concurrency: 1 })
  const slow: number[] = []
  take('x')
  for (let i = 0; i < 100; i++) {
    take('a')
    const askedMs = clock.ms
    while (desk.held.messages > 1) {
      const step = next()
      if (step.kind === 'wait') clock.ms += Math.ceil(step.ms)
      else if (step.kind === 'call') settle(step.call, names(step.call) === 'x' ? away(15_000) : DONE)
    }
    slow.push(clock.ms - askedMs)
    clock.ms += 700
  }
  // Once: the first time it might have been the function.
  expect(slow.filter((ms) => ms > 0)).toHaveLength(1)
})

test('too old: given up as EXPIRED, sent before or not', () => {
  const { clock, take, call, settle, run } = setUp({ maxAgeMs: 60_000 })
  take('a')
  settle(call(), FAILED)
  take('b', { ms: clock.ms - 100_000 })
  clock.ms += 60_001
  take('c')
  expect(run(() => DONE)).toEqual({ calls: ['c'], dead: ['b EXPIRED 0', 'a EXPIRED 1'] })
})

test('a letter of what became too old says how often it was sent, and what the last call came to', () => {
  const { clock, take, call, settle, next } = setUp({ maxAgeMs: 60_000, maxAttempts: 50, batch: 3 })
  const expired = () => {
    clock.ms += 60_001
    const step = next()
    return step.kind === 'bury' ? step.dead.map(({ message, error, attempts }) => [message.content, error, attempts]) : step
  }
  take('a')
  settle(call(), away())
  clock.ms += 5000
  settle(call(), { kind: 'away', afterMs: 60_001, cause: '503: away', suspect: false })
  take('b', { ms: clock.ms - 100_000 })
  expect(expired()).toEqual([
    ['b', 'older than 60000 ms', 0],
    ['a', 'older than 60000 ms; sent 2 times, last: 503: away', 0],
  ])
})

test('what is in hand and comes again is taken once, with its newer acknowledgement; what was settled is only answered', () => {
  const { desk, clock, call, settle, answers, next } = setUp()
  const arrival = { sequence: 1, ms: 5, subNs: 6, key: undefined, sizeBytes: 1 }
  desk.take({ ...arrival, again: false, content: 'first' }, clock.ms)
  desk.take({ ...arrival, again: true, content: 'second' }, clock.ms)
  const one = call()
  expect(one.messages).toHaveLength(1)
  settle(one, DONE)
  desk.take({ ...arrival, again: true, content: 'third' }, clock.ms)
  expect(answers()).toEqual(['ack second', 'ack third'])
  expect(next()).toEqual({ kind: 'idle' })
  // The same number in another life of the stream is another message.
  desk.take({ ...arrival, subNs: 7, again: false, content: 'new' }, clock.ms)
  expect(names(call())).toBe('new')
})

test('the server is told in time of all that is worked on; what it was not told of is let go, but for what is in flight', () => {
  const { desk, clock, take, call } = setUp({ batch: 1, concurrency: 1 })
  take('ab')
  call()
  clock.ms += 9000
  expect(desk.renewals(clock.ms)).toEqual([])
  clock.ms += 1000
  expect(desk.renewals(clock.ms)).toEqual(['a', 'b'])
  clock.ms += 29_999
  desk.lapse(clock.ms)
  expect(desk.held.messages).toBe(2)
  clock.ms += 1
  desk.lapse(clock.ms)
  expect(desk.held.messages).toBe(1)
})

test('it asks for no more than it has room for, and not for fresh ones to be held up by those that wait', () => {
  const { desk, clock, take, call, settle } = setUp({ batch: 2, concurrency: 2 })
  expect(desk.wantsMore).toBe(true)
  take('abcd')
  expect(desk.wantsMore).toBe(false)
  settle(call(), FAILED)
  expect(desk.wantsMore).toBe(true)
  desk.release(clock.ms)
  expect(desk.held.messages).toBe(0)
})
