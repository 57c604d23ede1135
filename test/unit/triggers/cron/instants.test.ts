import { beforeAll, describe, expect, test } from 'vitest'
import { instantsOf } from '../../../../triggers/cron/instants.ts'
import { Reading, type Wall } from './oracle.ts'

const HOUR = 3_600_000
const [BEGIN, END] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)]

/** Zones whose clocks change north and south of the equator, by an hour, half an hour, two, at midnight, back and forth for Ramadan. */
const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Cairo', 'Africa/Casablanca']

type Case = readonly [expression: string, isFixed: boolean, shows: (wall: Wall) => boolean]
const isOne = (value: number, ...of: number[]) => of.includes(value)

/** Said twice: as cron says it, and in TypeScript. */
const BY_MINUTES: readonly Case[] = [
  ['30 2 * * *', true, ({ minute, hour }) => minute === 30 && hour === 2],
  ['0 0 1 * * *', true, ({ minute, hour }) => minute === 0 && hour === 1],
  ['0 0 0 * * *', true, ({ minute, hour }) => minute === 0 && hour === 0],
  ['0 15 0 * * *', true, ({ minute, hour }) => minute === 15 && hour === 0],
  ['0 0,30 1,2,3 * * *', true, ({ minute, hour }) => isOne(minute, 0, 30) && isOne(hour, 1, 2, 3)],
  ['0 45 1-3 * * SUN', true, ({ minute, hour, weekday }) => minute === 45 && hour >= 1 && hour <= 3 && weekday === 0],
  ['0 30 16 * * MON-FRI', true, ({ minute, hour, weekday }) => minute === 30 && hour === 16 && weekday >= 1 && weekday <= 5],
  ['0 0 0 29 MAR,OCT *', true, ({ minute, hour, day, month }) => minute === 0 && hour === 0 && day === 29 && isOne(month, 3, 10)],
  ['0 0 12 13 * 5', true, ({ minute, hour, day, weekday }) => minute === 0 && hour === 12 && (day === 13 || weekday === 5)],
  ['0 30 */3 * * *', false, ({ minute, hour }) => minute === 30 && hour % 3 === 0],
  ['0 */20 2 * * *', false, ({ minute, hour }) => minute % 20 === 0 && hour === 2],
  ['0 0-23/5 1-7 * *', false, ({ minute, hour, day }) => minute === 0 && hour % 5 === 0 && day <= 7],
]

const BY_SECONDS: readonly Case[] = [
  ['*/7 * * * * *', false, ({ second }) => second % 7 === 0],
  ['59 59 * * * *', false, ({ second, minute }) => second === 59 && minute === 59],
  ['* 59,0 * * * *', false, ({ minute }) => isOne(minute, 59, 0)],
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

const shown = (instants: readonly number[]) => instants.map((at) => new Date(at).toISOString())

describe.each(ZONES)('a year in %s', { timeout: 600_000 }, (zone) => {
  let year: Reading
  beforeAll(() => {
    year = new Reading(zone, BEGIN, END, 60_000)
  }, 600_000)

  test('the clock changes', () => {
    expect(year.changes.length).toBeGreaterThanOrEqual(2)
  })

  test.each(BY_MINUTES)('%s: no instant is wrong, none is missing', (expression, isFixed, shows) => {
    expect(shown(walked(expression, zone, BEGIN, END))).toEqual(shown(year.instants(shows, isFixed)))
  })

  test('nor by seconds, in the hours around each change', () => {
    for (const { at } of year.changes) {
      const hours = new Reading(zone, at - 1.5 * HOUR, at + 1.5 * HOUR, 1000)
      for (const [expression, isFixed, shows] of BY_SECONDS) {
        expect(shown(walked(expression, zone, hours.fromMs, hours.toMs)), expression).toEqual(shown(hours.instants(shows, isFixed)))
      }
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
