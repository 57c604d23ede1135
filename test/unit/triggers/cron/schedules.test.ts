import { afterEach, expect, test, vi } from 'vitest'
import type { Control, ControlKeys } from '../../../../shared/adapters/nats/control.ts'
import { createMetrics } from '../../../../shared/runtime/metrics.ts'
import { Troubles } from '../../../../shared/runtime/trouble.ts'
import { scheduleMetrics } from '../../../../triggers/cron/metrics.ts'
import { recordFor, type ScheduleRecord } from '../../../../triggers/cron/record.ts'
import { scheduleOf } from '../../../../triggers/cron/schedule.ts'
import { Schedules } from '../../../../triggers/cron/schedules.ts'
import type { Listed } from '../../../../triggers/watch.ts'
import { recordingPublisher } from '../../../support/recording-publisher.ts'
import { Bucket } from '../../simulation/broker.ts'

const WAIT = { timeout: 15_000 }
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
const listed = (name: string, expression?: string, problem?: string, more = {}): Listed => ({
  name,
  trigger: undefined,
  schedule: expression === undefined ? undefined : scheduleOf(name, { 'trigger.schedule': expression, ...more }),
  problem,
})

const all: Schedules[] = []
afterEach(async () => {
  await Promise.all(all.splice(0).map((one) => one.stop()))
  vi.restoreAllMocks()
})

/** @param called - the instants of calls. @param written - what a change of a record waits for before it is confirmed. */
function setUp({ called = [], written = async () => {} }: { called?: number[]; written?: () => Promise<void> } = {}) {
  const bucket = new Bucket()
  let passedMs = 0
  vi.spyOn(performance, 'now').mockImplementation(() => 5000 + passedMs)
  const control: Control & ControlKeys = {
    get: async <T>(key: string) => bucket.get<T>(key),
    create: async (key, value) => bucket.create(key, value),
    async replace(key, value, revision) {
      const replaced = bucket.replace(key, value, revision)
      await written()
      return replaced
    },
    put: async (key, value) => void bucket.put(key, value),
    remove: async (key, revision) => bucket.remove(key, revision),
    keys: async () => [...bucket.values.keys()].filter((key) => key.startsWith('cron.')),
  }
  const schedules = new Schedules({
    control,
    publisher: recordingPublisher(),
    holder: 'me',
    async call(_, { at }) {
      called.push(at)
      return { status: 200, headers: {}, body: '' }
    },
    metrics: scheduleMetrics(createMetrics('test')),
    log,
    troubles: new Troubles(log),
    clock: { now: () => Date.UTC(2026, 0, 31) + passedMs, sync: async () => {} },
  })
  all.push(schedules)
  const hear = async (...functions: Listed[]) => {
    schedules.apply(functions)
    await schedules.forget(functions)
  }
  const pass = (ms: number) => {
    passedMs += ms
  }
  return { bucket, hear, pass, keys: () => [...bucket.values.keys()].sort() }
}

test('a schedule that is listed begins, one that is not ends; its record is kept for a minute, then deleted', async () => {
  const { hear, pass, keys } = setUp()
  await hear(listed('a', '@daily'), listed('b', '@hourly'), listed('c'))
  await vi.waitFor(() => expect(keys()).toEqual(['cron.a', 'cron.b']), WAIT)
  await hear(listed('b', '@hourly'), listed('c'))
  pass(59_000)
  await hear(listed('b', '@hourly'), listed('c'))
  expect(keys()).toEqual(['cron.a', 'cron.b'])
  pass(1000)
  await hear(listed('b', '@hourly'), listed('c'))
  expect(keys()).toEqual(['cron.b'])
})

test('one that comes back within that minute goes on with its record', async () => {
  const { bucket, hear, pass, keys } = setUp()
  await hear(listed('a', '@daily'))
  await vi.waitFor(() => expect(keys()).toEqual(['cron.a']), WAIT)
  const before = bucket.get('cron.a')
  await hear()
  pass(59_000)
  await hear(listed('a', '@daily'))
  pass(59_000)
  await hear(listed('a', '@daily'))
  expect(bucket.get('cron.a')).toEqual(before)
})

test('what other processes have left of functions that are gone is deleted as well, but nothing of one that is not understood just now', async () => {
  const { bucket, hear, pass, keys } = setUp()
  bucket.put('cron.gone', {})
  bucket.put('cron.broken', {})
  bucket.put('lease.x.0-of-1', {})
  await hear(listed('broken', undefined, 'unknown key'))
  pass(60_000)
  await hear(listed('broken', undefined, 'unknown key'))
  expect(keys()).toEqual(['cron.broken', 'lease.x.0-of-1'])
})

test('a schedule that is changed begins anew, from now on', async () => {
  const { bucket, hear, pass } = setUp()
  await hear(listed('a', '@daily'))
  await vi.waitFor(() => expect(bucket.get('cron.a')).toBeTruthy(), WAIT)
  pass(100_000)
  await hear(listed('a', '*/5 * * * *'))
  const until = Date.UTC(2026, 0, 31) + 100_000
  await vi.waitFor(() => expect(bucket.get('cron.a')!.value).toMatchObject({ of: '*/5 * * * * UTC', until }), WAIT)
})

test('an instant is called once, when its schedule is changed while it is being claimed', async () => {
  const called: number[] = []
  const confirmed = Promise.withResolvers<void>()
  let writes = 0
  const written = () => {
    writes++
    return confirmed.promise
  }
  const { bucket, hear } = setUp({ called, written })
  const midnight = Date.UTC(2026, 0, 31)
  bucket.put('cron.a', recordFor('@daily UTC', undefined, midnight - 1))
  const open = () => bucket.get<ScheduleRecord>('cron.a')!.value.open.length
  await hear(listed('a', '@daily'))
  await vi.waitFor(() => expect([writes, open()]).toEqual([1, 1]), WAIT)
  const { schedule, ...other } = listed('a', '@daily')
  await hear({ ...other, schedule: { ...schedule!, path: '/other' } })
  // The new one has read the claim, and said that somebody works on it.
  await vi.waitFor(() => expect(writes).toBe(2), WAIT)
  confirmed.resolve()
  await vi.waitFor(() => expect(open()).toBe(0), WAIT)
  expect(called).toEqual([midnight])
})

test('a record that is lost is written again, and nothing that came meanwhile is missed', async () => {
  const called: number[] = []
  const { bucket, hear, pass } = setUp({ called })
  const seconds = () => called.map((at) => (at - Date.UTC(2026, 0, 31)) / 1000)
  const schedule = { 'trigger.missed': 'all', 'trigger.overlap': 'wait' }
  await hear(listed('a', '* * * * * *', undefined, schedule))
  await vi.waitFor(() => expect(bucket.get('cron.a')).toBeTruthy(), WAIT)
  bucket.values.delete('cron.a')
  pass(3000)
  await vi.waitFor(() => expect(seconds()).toEqual([1, 2, 3]), WAIT)
  expect(bucket.get('cron.a')).toBeTruthy()
})
