import { expect, test } from 'vitest'
import { scheduleOf } from '../../../../triggers/cron/schedule.ts'
import { triggerOf } from '../../../../triggers/trigger.ts'

test('a function without a schedule has none', () => {
  expect(scheduleOf('f', { 'http.route': '/bars', 'trigger.stream': 'BARS', schedule: '* * * * *' })).toBeUndefined()
})

test('what is left out has a default', () => {
  expect(scheduleOf('f', { 'trigger.schedule': '0 2 * * *' })).toEqual({
    functionName: 'f',
    expression: '0 2 * * *',
    timeZone: 'UTC',
    missed: 'once',
    overlap: 'skip',
    path: '/',
  })
})

test('every setting is read, beside those of a stream', () => {
  const annotations = {
    'trigger.stream': 'BARS',
    'trigger.delivery': 'positioned',
    'trigger.schedule': '*/10 30 16 * * MON-FRI',
    'trigger.time-zone': 'America/New_York',
    'trigger.missed': 'all',
    'trigger.overlap': 'wait',
    'trigger.path': '/after-close',
  }
  expect(scheduleOf('f', annotations)).toEqual({
    functionName: 'f',
    expression: '*/10 30 16 * * MON-FRI',
    timeZone: 'America/New_York',
    missed: 'all',
    overlap: 'wait',
    path: '/after-close',
  })
  expect(triggerOf('f', annotations)).toMatchObject({ stream: 'BARS' })
  expect(triggerOf('f', { 'trigger.schedule': '@daily' })).toBeUndefined()
})

test.each([
  ['four fields', { 'trigger.schedule': '0 2 * *' }, /five/],
  ['seven fields', { 'trigger.schedule': '0 0 2 * * * 2026' }, /parts/],
  ['a second that is none', { 'trigger.schedule': '60 * * * * *' }, /second/],
  ['a date', { 'trigger.schedule': '2026-01-31T00:00:00Z' }, /fields/],
  ['a time of day', { 'trigger.schedule': '16:30 * * * *' }, /fields/],
  ['an interval', { 'trigger.schedule': '@every 5m' }, /schedule/],
  ['a day that never comes', { 'trigger.schedule': '0 0 30 2 *' }, /never comes/],
  ['nothing', { 'trigger.schedule': ' ' }, /schedule/],
  ['a zone that is none', { 'trigger.time-zone': 'Europe/Berln' }, /no time zone such as Europe\/Berlin/],
  ['an offset', { 'trigger.time-zone': '+01:00' }, /time-zone/],
  ['another policy', { 'trigger.missed': 'some' }, /missed/],
  ['another overlap', { 'trigger.overlap': 'queue' }, /overlap/],
  ['a path that is none', { 'trigger.path': 'daily?x=1' }, /path/],
])('%s is refused', (_, wrong, message) => {
  expect(() => scheduleOf('f', { 'trigger.schedule': '0 2 * * *', ...wrong })).toThrow(message)
})

test('settings without a schedule are refused, and unknown ones are nobody’s', () => {
  expect(() => scheduleOf('f', { 'trigger.missed': 'all' })).toThrow(/schedule/)
  expect(() => triggerOf('f', { 'trigger.schedule': '0 2 * * *', 'trigger.timezone': 'UTC' })).toThrow(/timezone/)
})
