import { describe, expect, test } from 'vitest'
import { instantsOf } from '../../../../triggers/cron/instants.ts'
import { Reading, shownTimes, type Wall } from './oracle.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const [BEGIN, END] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)]

/** Zones whose clocks change north and south of the equator, by an hour, half an hour, two, at midnight, back and forth for Ramadan. */
const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Cairo', 'Africa/Casablanca']

type Case = readonly [expression: string, isFixed: boolean, shows: (wall: Wall) => boolean]
const isOne = (value: number, ...of: number[]) => of.includes(value)

/** Said twice: as cron says it, and in TypeScript. These are followed through the whole year. */
const ALL_YEAR: readonly Case[] = [
  ['30 2 * * *', true, ({ minute, hour }) => minute === 30 && hour === 2],
  ['0 0 0 * * *', true, ({ minute, hour }) => minute === 0 && hour === 0],
  ['0 45 1-3 * * SUN', true, ({ minute, hour, weekday }) => minute === 45 && hour >= 1 && hour <= 3 && weekday === 0],
  ['0 30 16 * * MON-FRI', true, ({ minute, hour, weekday }) => minute === 30 && hour === 16 && weekday >= 1 && weekday <= 5],
  ['0 0 0 29 MAR,OCT *', true, ({ minute, hour, day, month }) => minute === 0 && hour === 0 && day === 29 && isOne(month, 3, 10)],
  ['0 0 12 13 * 5', true, ({ minute, hour, day, weekday }) => minute === 0 && hour === 12 && (day === 13 || weekday === 5)],
  ['0 0-23/5 1-7 * *', false, ({ minute, hour, day }) => minute === 0 && hour % 5 === 0 && day <= 7],
  ['0 10 */12 * * *', false, ({ minute, hour }) => minute === 10 && hour % 12 === 0],
]

/** These through the days around each change. */
const IN_DAYS: readonly Case[] = [
  ['0 0 1 * * *', true, ({ minute, hour }) => minute === 0 && hour === 1],
  ['0 15 0 * * *', true, ({ minute, hour }) => minute === 15 && hour === 0],
  ['0 0,30 1,2,3 * * *', true, ({ minute, hour }) => isOne(minute, 0, 30) && isOne(hour, 1, 2, 3)],
  ['0 30 */3 * * *', false, ({ minute, hour }) => minute === 30 && hour % 3 === 0],
  ['0 */20 2 * * *', false, ({ minute, hour }) => minute % 20 === 0 && hour === 2],
]

/** And these through the hours around each change, second by second. */
const IN_HOURS: readonly Case[] = [
  ['*/17 * * * * *', false, ({ second }) => second % 17 === 0],
  ['59 59 * * * *', false, ({ second, minute }) => second === 59 && minute === 59],
  ['*/5 59,0 * * * *', false, ({ second, minute }) => second % 5 === 0 && isOne(minute, 59, 0)],
  ['15,45 */10 0-3 * * *', false, ({ second, minute, hour }) => isOne(second, 15, 45) && minute % 10 === 0 && hour <= 3],
  ['30 29 2 * * *', true, ({ second, minute, hour }) => second === 30 && minute === 29 && hour === 2],
  ['1,2 0,30 0-3 * * *', true, ({ second, minute, hour }) => isOne(second, 1, 2) && isOne(minute, 0, 30) && hour <= 3],
]

/** All instants of a span, one after the other. */
function walked(expression: string, zone: string, fromMs: number, toMs: number): number[] {
  const { next } = instantsOf(expression, zone)
  const found: number[] = []
  for (let at = next(fromMs - 1); at !== undefined && at < toMs; at = next(at)) found.push(at)
  return found
}

const texts = (instants: readonly number[]) => instants.map((at) => new Date(at).toISOString())
const predicates = (cases: readonly Case[]) => cases.map(([, , shows]) => shows)
/** What clocks show in a year, a day more on each side for those far from UTC. */
const YEAR = shownTimes(BEGIN - DAY, END + DAY, MINUTE, predicates([...ALL_YEAR, ...IN_DAYS]))

function expectSame(zone: string, reading: Reading, [expression, isFixed]: Case, times: readonly number[]): void {
  const { fromMs, toMs } = reading
  const near = times.filter((time) => time >= reading.shown.fromMs - DAY && time < reading.shown.toMs + DAY)
  expect(texts(walked(expression, zone, fromMs, toMs)), `${expression} ${zone}`).toEqual(texts(reading.instants(near, isFixed)))
}

describe.each(ZONES)('a year in %s: no instant is wrong, none is missing', { timeout: 120_000 }, (zone) => {
  const year = Reading.of(zone, BEGIN, END)

  test('all year', () => {
    expect(year.changes.length).toBeGreaterThanOrEqual(2)
    for (const [i, one] of ALL_YEAR.entries()) expectSame(zone, year, one, YEAR[i]!)
  })

  test('in the days around each change of the clock', () => {
    for (const { at } of year.changes) {
      const days = year.part(at - 2 * DAY, at + 2 * DAY)
      for (const [i, one] of IN_DAYS.entries()) expectSame(zone, days, one, YEAR[ALL_YEAR.length + i]!)
    }
  })

  test('in the hours around each change, second by second', () => {
    for (const { at, byMs } of year.changes) {
      const hours = year.part(at - Math.abs(byMs) - 5 * MINUTE, at + Math.abs(byMs) + 5 * MINUTE)
      const times = shownTimes(hours.shown.fromMs, hours.shown.toMs, 1000, predicates(IN_HOURS))
      for (const [i, one] of IN_HOURS.entries()) expectSame(zone, hours, one, times[i]!)
    }
  })
})

describe('spans', () => {
  const at = (text: string) => Date.parse(text)
  const { next, newest, count } = instantsOf('30 2 * * *', 'Europe/Berlin')

  test('the next is after, never at', () => {
    expect(next(at('2026-01-31T01:29:59.999Z'))).toBe(at('2026-01-31T01:30:00Z'))
    expect(next(at('2026-01-31T01:30:00Z'))).toBe(at('2026-02-01T01:30:00Z'))
  })

  test('the newest of a span is found, however long it is', () => {
    expect(newest(at('2026-01-31T01:30:00Z'), at('2026-02-01T01:29:59Z'))).toBeUndefined()
    expect(newest(at('2026-01-31T01:30:00Z'), at('2026-02-01T01:30:00Z'))).toBe(at('2026-02-01T01:30:00Z'))
    expect(newest(at('2016-01-31T01:30:00Z'), at('2026-02-01T01:30:00Z'))).toBe(at('2026-02-01T01:30:00Z'))
    const seconds = instantsOf('* * * * * *', 'UTC')
    expect(seconds.newest(0, at('2026-02-01T01:30:00.999Z'))).toBe(at('2026-02-01T01:30:00Z'))
  })

  test('instants are counted up to a bound', () => {
    expect(count(at('2026-01-31T01:30:00Z'), at('2026-02-10T01:30:00Z'), 100)).toBe(10)
    expect(count(at('2026-01-31T01:30:00Z'), at('2026-02-10T01:30:00Z'), 4)).toBe(4)
  })
})
