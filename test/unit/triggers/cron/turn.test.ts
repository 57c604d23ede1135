import { describe, expect, test } from 'vitest'
import { changed } from '../../../../triggers/cron/changed.ts'
import { instantsOf } from '../../../../triggers/cron/instants.ts'
import {
  broughtBack,
  called,
  failedOnce,
  givenBack,
  MOST_WAITING,
  over,
  type Run,
  recordFor,
  type ScheduleRecord,
} from '../../../../triggers/cron/record.ts'
import type { Schedule } from '../../../../triggers/cron/schedule.ts'
import { MOST_CALLS, turn } from '../../../../triggers/cron/turn.ts'

const NOON = Date.UTC(2026, 0, 31, 12)
const MINUTE = 60_000
const each = instantsOf('* * * * *', 'UTC')
/** A minute of the day: `t(0)` is noon. */
const t = (minutes: number, ms = 0) => NOON + minutes * MINUTE + ms

const policies = (missed: Schedule['missed'], overlap: Schedule['overlap'] = 'skip'): Schedule => ({
  functionName: 'f',
  expression: '* * * * *',
  timeZone: 'UTC',
  missed,
  overlap,
  path: '/',
})
const begun = (untilMs: number, more: Partial<ScheduleRecord> = {}): ScheduleRecord => ({ ...recordFor('x', undefined, untilMs), ...more })
const run = (at: number, more: Partial<Run> = {}): Run => ({
  at,
  state: 'called',
  holder: 'other',
  since: at,
  beat: 0,
  calls: 1,
  failures: 0,
  ...more,
})
const look = (record: ScheduleRecord, schedule: Schedule, nowMs: number, isGone = (one: Run) => one.holder === null) =>
  turn(record, each, schedule, { nowMs, holder: 'me', watchedSince: 0, isGone })

test('nothing is due: nothing is written, and the next look is at the next instant', () => {
  const record = begun(t(0, 1))
  const looked = look(record, policies('all'), t(0, 30_000))
  expect(looked.record).toBe(record)
  expect(looked).toMatchObject({ claimed: [], passed: [], lookAtMs: t(1) })
})

test('what is due is claimed, once', () => {
  const first = look(begun(t(0)), policies('once'), t(1, 3))
  expect(first.claimed).toEqual([t(1)])
  expect(first.record).toMatchObject({ until: t(1), open: [{ at: t(1), state: 'claimed', holder: 'me', calls: 0 }] })
  expect(look(first.record, policies('once'), t(1, 4))).toMatchObject({ claimed: [], lookAtMs: t(1, 1004) })
})

test('a schedule that is new begins now', () => {
  expect(recordFor('a', undefined, t(5))).toMatchObject({ of: 'a', until: t(5), open: [] })
  const record = begun(t(0), { open: [run(t(0))] })
  expect(recordFor('x', record, t(5))).toBe(record)
})

describe('a schedule that is changed', () => {
  const daily = instantsOf('@daily', 'UTC')
  const view = { nowMs: t(5, 3), holder: 'me', watchedSince: 0, isGone: () => false }
  const change = (record: ScheduleRecord, schedule: Schedule, old?: { instants: typeof each | undefined }) =>
    changed(record, { of: 'other', old: old ? old.instants : each, next: daily }, schedule, view)

  test('what the one before had due by now is decided by it, and the other begins after now', () => {
    const { record, claimed, passed, lookAtMs } = change(begun(t(4)), policies('once'))
    expect(claimed).toEqual([t(5)])
    expect(passed).toEqual([])
    expect(record).toMatchObject({ of: 'other', until: t(5, 3), open: [{ at: t(5) }] })
    expect(lookAtMs).toBe(t(5, 1003))
  })

  test('what it would call and finds no room for waits; beyond what may wait it is missed, and said', () => {
    const busy = begun(t(1), { open: [run(t(1), { since: t(6) })] })
    expect(change(busy, policies('all')).record).toMatchObject({ waiting: [t(2), t(3), t(4), t(5)], until: t(5, 3) })
    const waiting = Array.from({ length: MOST_WAITING - 1 }, (_, i) => t(-5000 + i))
    const { record, passed } = change({ ...busy, waiting }, policies('all'))
    expect(record.waiting.at(-1)).toBe(t(2))
    expect(passed).toEqual([{ kind: 'missed', at: t(5), count: 3 }])
    expect(record.ended).toEqual(passed)
  })

  test('one that is not understood any more has nothing due', () => {
    expect(change(begun(t(0)), policies('all'), { instants: undefined }).record).toMatchObject({
      of: 'other',
      until: t(5, 3),
      waiting: [],
      open: [],
    })
  })
})

test('a clock that goes back repeats nothing, and one that was far ahead silences nothing', () => {
  const record = begun(t(10))
  expect(look(recordFor('x', record, t(7)), policies('all'), t(7))).toMatchObject({ claimed: [], lookAtMs: t(11) })
  expect(recordFor('x', record, t(-3 * 60))).toMatchObject({ until: t(-3 * 60) })
})

test.each([
  ['skip', [], { at: t(10), count: 10 }],
  ['once', [t(10)], { at: t(9), count: 9 }],
  ['all', [t(1)], undefined],
] as const)('missed, %s', (missed, claimed, passed) => {
  const sparse = instantsOf('0-10 12 * * *', 'UTC')
  const looked = turn(begun(t(0)), sparse, policies(missed), { nowMs: t(20), holder: 'me', watchedSince: 0, isGone: () => false })
  expect(looked.claimed).toEqual(claimed)
  expect(looked.passed).toEqual(passed ? [{ kind: 'missed', ...passed }] : [])
})

test('of instants that are due at once, the newest is in time', () => {
  const looked = look(begun(t(0)), policies('skip'), t(3, 20_000))
  expect(looked.claimed).toEqual([t(3)])
  expect(looked.passed).toEqual([{ kind: 'missed', at: t(2), count: 2 }])
})

test('all that were missed are called one after the other, and none of them counts as overlapping', () => {
  let record = begun(t(0))
  const called: number[] = []
  for (let now = t(10, 5000); called.length < 10; now += 100) {
    const looked = look(record, policies('all', 'skip'), now)
    expect(looked.passed).toEqual([])
    called.push(...looked.claimed)
    record = over(looked.record, 'me', { kind: 'done', at: called.at(-1)!, calls: 1, endedAt: now })!
  }
  expect(called).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((minutes) => t(minutes)))
})

test('an instant that comes while a call is under way: skip lets it go, wait keeps it, allow calls it', () => {
  const busy = begun(t(1), { open: [run(t(1))] })
  expect(look(busy, policies('once', 'skip'), t(2))).toMatchObject({ claimed: [], passed: [{ kind: 'overlapped', at: t(2), count: 1 }] })
  expect(look(busy, policies('once', 'allow'), t(2)).claimed).toEqual([t(2)])
  const waits = look(look(busy, policies('once', 'wait'), t(2)).record, policies('once', 'wait'), t(3))
  expect(waits).toMatchObject({ claimed: [], passed: [], record: { waiting: [t(2), t(3)] } })
  const free = over(waits.record, 'other', { kind: 'done', at: t(1), calls: 1, endedAt: t(3) })!
  expect(look(free, policies('once', 'wait'), t(3, 1))).toMatchObject({ claimed: [t(2)], record: { waiting: [t(3)] } })
})

test('what came before this process watched is not said to overlap: it waits for room', () => {
  const left = begun(t(1), { open: [run(t(1))] })
  const view = { nowMs: t(9, 1), holder: 'me', watchedSince: t(9), isGone: () => false }
  expect(turn(left, each, policies('all', 'skip'), view)).toMatchObject({ claimed: [], passed: [], record: { until: t(1) } })
  expect(turn(left, each, policies('once', 'wait'), view).record).toMatchObject({ waiting: [t(9)], ended: [{ kind: 'missed', count: 7 }] })
})

test('what waits in time is not missed, however long it waits', () => {
  const late = begun(t(3), { waiting: [t(2), t(3)] })
  expect(look(late, policies('skip', 'wait'), t(53, 1))).toMatchObject({ claimed: [t(2)], record: { waiting: [t(3)] } })
})

test('calls side by side, and instants that wait, are bounded', () => {
  const full = begun(t(1), { open: Array.from({ length: MOST_CALLS }, (_, i) => run(t(1) - i)) })
  expect(look(full, policies('once', 'allow'), t(2))).toMatchObject({ claimed: [], record: { waiting: [t(2)] } })
  const crowd = begun(t(1), { open: [run(t(1))], waiting: Array.from({ length: MOST_WAITING }, () => t(0)) })
  expect(look(crowd, policies('once', 'wait'), t(2)).passed).toEqual([{ kind: 'overlapped', at: t(2), count: 1 }])
})

test('a run whose holder is gone is taken over, and known to have been called', () => {
  const looked = look(begun(t(1), { open: [run(t(1), { calls: 2 })] }), policies('skip'), t(1, 4000), ({ holder }) => holder === 'other')
  expect(looked.claimed).toEqual([t(1)])
  expect(looked.record.open).toEqual([run(t(1), { calls: 2, holder: 'me', since: t(1, 4000) })])
})

test('only its holder moves a run on; but done is done, whoever says so', () => {
  const record = begun(t(1), { open: [run(t(1), { state: 'claimed', calls: 0 })] })
  const ending = { at: t(1), calls: 1, endedAt: t(2) }
  expect(called(record, t(1), 'me')).toBeUndefined()
  expect(called(record, t(1), 'other')?.open).toEqual([run(t(1))])
  expect(failedOnce(record, t(1), 'other')?.open[0]).toMatchObject({ failures: 1 })
  expect(givenBack(record, t(1), 'other')?.open[0]).toMatchObject({ holder: null })
  expect(over(record, 'me', { kind: 'failed', cause: '400', ...ending })).toBeUndefined()
  const done = over(record, 'me', { kind: 'done', ...ending })!
  expect(done).toMatchObject({ open: [], ended: [{ kind: 'done', at: t(1) }] })
  expect(over(done, 'other', { kind: 'done', ...ending })).toBeUndefined()
})

test('the record stays small', () => {
  let record = begun(t(0))
  for (let minute = 1; minute <= 50; minute++) {
    const { record: claimed } = look(record, policies('once'), t(minute))
    record = over(claimed, 'me', { kind: 'done', at: t(minute), calls: 1, endedAt: t(minute) })!
  }
  expect(JSON.stringify(record).length).toBeLessThan(1200)
})

test('an instant that is brought back waits for room, beside those that wait already, and is known until it is called', () => {
  const busy = begun(t(4), { open: [run(t(4))], waiting: [t(3)] })
  const back = broughtBack(busy, t(1), 2) as ScheduleRecord
  expect(back).toMatchObject({ waiting: [t(1), t(3)], redriven: [[t(1), 2]] })
  expect(broughtBack(back, t(1), 2)).toBeUndefined()
  expect(broughtBack(back, t(4), 1)).toBeUndefined()
  const free = over(back, 'other', { kind: 'done', at: t(4), calls: 1, endedAt: t(4) })!
  const looked = look(free, policies('skip'), t(4, 1))
  expect(looked.record).toMatchObject({ open: [{ at: t(1), redriven: 2 }], waiting: [t(3)], redriven: [] })
  const crowd = begun(t(1), { waiting: Array.from({ length: MOST_WAITING }, () => t(0)) })
  expect(broughtBack(crowd, t(1), 1)).toMatch('1000 instants')
})
