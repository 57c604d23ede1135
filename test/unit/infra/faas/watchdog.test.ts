import { expect, test } from 'vitest'
import { durationMs } from '../../../../infra/faas/duration.ts'
import { bytesOf, nicenessOf } from '../../../../infra/faas/quantity.ts'
import { callTimeoutMs, watchdogOf } from '../../../../infra/faas/watchdog.ts'

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1h', 3_600_000],
  ['500ms', 500],
  ['1.5s', 1_500],
  ['.5m', 30_000],
  ['250us', 0.25],
  ['10', 10_000],
  ['0', 0],
])('duration %s is %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

test.each(['', 's', '1 s', '1m 30s', '-1s', '1d', '10x', 's10', '1e3'])('%j is no duration', (text) => {
  expect(durationMs(text)).toBeUndefined()
})

test.each([
  ['128Mi', 128 * 2 ** 20],
  ['1Gi', 2 ** 30],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['128M', 128e6],
  ['64k', 64e3],
  ['1e9', 1e9],
  ['1E3', 1e3],
  ['134217728', 134_217_728],
  ['128974848000m', 128_974_848],
])('memory %s is %d bytes', (text, bytes) => {
  expect(bytesOf(text)).toBe(bytes)
})

test.each(['', 'Mi', '128MB', '128 Mi', '-1Mi', '128mi', '1e', '99999Ei', '1.2.3M'])('%j is no amount of memory', (text) => {
  expect(bytesOf(text)).toBeUndefined()
})

test.each([
  ['1', 0],
  ['1000m', 0],
  ['4', 0],
  ['500m', 3],
  ['0.1', 10],
  ['100m', 10],
  ['1m', 19],
])('a request of %s cores is niceness %d', (text, niceness) => {
  expect(nicenessOf(text)).toBe(niceness)
})

test.each(['', '0', '0m', '-1', 'half', '100 m'])('%j is no amount of cores', (text) => {
  expect(nicenessOf(text)).toBeUndefined()
})

const watchdog = (envVars: Record<string, string>, envProcess?: string) =>
  watchdogOf({ service: 'a', image: 'a', envVars, ...(envProcess === undefined ? {} : { envProcess }) })

test('without a word in its environment a function has no limits and runs its bundle', () => {
  expect(watchdog({})).toEqual({
    command: null,
    execTimeoutMs: null,
    maxInFlight: Number.POSITIVE_INFINITY,
    readyPath: null,
    fixedPort: null,
  })
})

test('the names and values are those of of-watchdog', () => {
  expect(
    watchdog({ exec_timeout: '10s', max_inflight: '4', ready_path: '/up', upstream_url: 'http://127.0.0.1:5000' }, 'python3 a.py'),
  ).toEqual({ command: ['python3', 'a.py'], execTimeoutMs: 10_000, maxInFlight: 4, readyPath: '/up', fixedPort: 5000 })
  expect(watchdog({ fprocess: 'a  b' }).command).toEqual(['a', 'b'])
  expect(watchdog({ function_process: 'c' }).command).toEqual(['c'])
  expect(watchdog({ fprocess: 'a' }, 'b').command).toEqual(['b'])
  expect(watchdog({ exec_timeout: '0', max_inflight: '0' })).toMatchObject({ execTimeoutMs: null, maxInFlight: Number.POSITIVE_INFINITY })
})

test.each([
  [{ exec_timeout: 'soon' }, /exec_timeout is "soon"/],
  [{ exec_timeout: '10000h' }, /exec_timeout/],
  [{ max_inflight: '-1' }, /max_inflight is "-1"/],
  [{ ready_path: 'up' }, /ready_path is "up"/],
  [{ fprocess: 'a', upstream_url: 'http://elsewhere:80' }, /upstream_url/],
])('%j is refused', (env, words) => {
  expect(() => watchdog(env as Record<string, string>)).toThrow(words)
})

test('a caller may shorten the time of a call, never lengthen it', () => {
  expect(callTimeoutMs(10_000, '1s')).toBe(1_000)
  expect(callTimeoutMs(10_000, '1m')).toBe(10_000)
  expect(callTimeoutMs(10_000, 'soon')).toBe(10_000)
  expect(callTimeoutMs(10_000, undefined)).toBe(10_000)
  expect(callTimeoutMs(null, '1s')).toBe(1_000)
  expect(callTimeoutMs(null, undefined)).toBeNull()
  // More than a timer holds.
  expect(callTimeoutMs(null, '1000h')).toBe(2 ** 31 - 1)
})
