import { expect, test } from 'vitest'
import { readReply } from '../../../triggers/sources/batch-wire.ts'
import { brake, type Progress, type StreamState } from '../../../triggers/sources/brake.ts'
import { Burst } from '../../../triggers/sources/burst.ts'
import { feedOptions } from '../../../triggers/sources/options.ts'
import { scheduleOf, speedOf } from '../../../triggers/sources/schedule.ts'

test('recorded time passes at its speed from the first tick on, or not at all', () => {
  expect(scheduleOf(10, 5_000, 100)(7_000)).toBe(300)
  expect(scheduleOf(1, 5_000, 100)(4_000)).toBe(-900)
  expect(scheduleOf('max', 5_000, 100)(7_000)).toBe(Number.NEGATIVE_INFINITY)
  expect(() => speedOf('0')).toThrow(/speed/)
})

const LIMITS = { maxLag: 100, maxFill: 0.8, silentMs: 60_000 }
const stream = (over: Partial<StreamState> = {}): StreamState => ({ messages: 1_000, bytes: 1_000, maxBytes: 1e6, nowMs: 1e6, ...over })
const reader = (key: string, lag: number, atMs = 1e6): Progress => ({ key: `progress.${key}`, lag, atMs })

test('the slowest reader holds the feed', () => {
  expect(brake([reader('bars.0-of-2', 3), reader('bars.1-of-2', 100)], stream(), LIMITS)).toBeUndefined()
  expect(brake([reader('bars.0-of-2', 3), reader('bars.1-of-2', 101)], stream(), LIMITS)).toBe(
    'progress.bars.1-of-2 is 101 messages behind',
  )
})

test('reports of an earlier number of readers do not count, and one that is silent holds nothing', () => {
  expect(brake([reader('bars.0-of-1', 500, 999_000), reader('bars.0-of-4', 0)], stream(), LIMITS)).toBeUndefined()
  expect(brake([reader('bars.0-of-1', 500, 900_000)], stream(), LIMITS)).toBeUndefined()
})

test('unread messages never fill the stream, and without a reader all are unread', () => {
  const full = stream({ bytes: 900_000 })
  expect(brake([], full, LIMITS)).toBe("90 % of the stream's room is unread by nobody")
  expect(brake([reader('bars.0-of-1', 50)], full, LIMITS)).toBeUndefined()
  expect(brake([reader('bars.0-of-1', 950)], full, { ...LIMITS, maxLag: 1e9 })).toMatch(/86 % .* by progress\.bars\.0-of-1/)
  expect(brake([], stream({ bytes: 900_000, maxBytes: -1 }), LIMITS)).toBeUndefined()
})

test('what a silent reader has not read is never dropped', () => {
  expect(brake([reader('bars.0-of-1', 950, 900_000)], stream({ bytes: 900_000 }), LIMITS)).toMatch(/86 % .* by progress\.bars\.0-of-1/)
})

test('a reader that has read all is there however long nothing has come', () => {
  expect(brake([reader('bars.0-of-1', 0, 0)], stream({ bytes: 1e6 }), LIMITS)).toBeUndefined()
})

test('a burst joins ticks of one symbol in their order and holds none back', async () => {
  const sent: string[] = []
  const burst = new Burst(2, (subject, text) => void sent.push(`${subject}: ${text}`))
  const tick = (subject: string, line: string) => ({ atMs: 0, timestamp: 0, subject, line })

  for (const [subject, line] of ['a1', 'b1', 'a2', 'a3'].map((text) => [text[0]!, text])) burst.add(tick(subject!, line!))
  expect(sent).toEqual(['a: a1\na2'])
  await burst.flush()
  expect(sent).toEqual(['a: a1\na2', 'b: b1', 'a: a3'])
})

test('what the server says of a batch', () => {
  expect(readReply('{"type":"ack","seq":500,"msgs":500}', undefined)).toEqual({ stored: 500, ended: false })
  expect(readReply('{"stream":"S","seq":77,"batch":"x","count":12}', undefined)).toEqual({ stored: 12, ended: true })
  expect(readReply('{"type":"gap","last_seq":3,"seq":5}', undefined)).toBe('gap')
  expect(readReply('{"error":{"code":400,"err_code":10208,"description":"unknown"},"stream":"S","seq":0}', undefined)).toEqual({
    refused: 10208,
    reason: 'unknown',
  })
  expect(readReply('{"stream":"S","seq":1}', undefined)).toMatchObject({ refused: -1 })
  expect(readReply('', 503)).toMatchObject({ refused: 503 })
})

test('the command line', () => {
  expect(feedOptions(['--replay', 'a-x.csv', 'b-y.csv', '--speed', '10', '--burst', '20'])).toEqual({
    kind: 'replay',
    tapes: [
      { path: 'a-x.csv', instrument: { exchange: 'a', symbol: 'X' } },
      { path: 'b-y.csv', instrument: { exchange: 'b', symbol: 'Y' } },
    ],
    speed: 10,
    from: 0,
    run: undefined,
    burst: 20,
  })
  expect(feedOptions(['--simulate', '--symbols', 'A,B', '--minutes', '1'])).toEqual({
    kind: 'simulate',
    seed: 1,
    symbols: ['A', 'B'],
    minutes: 1,
    burst: 1,
  })
  for (const wrong of [
    [],
    ['--simulate', '--replay', 'a-x.csv'],
    ['--simulate', '--symbols', 'A,A'],
    ['a-x.csv', '--burst', '0'],
    ['a-x.csv', '--run', 'a.b'],
    ['--no'],
  ])
    expect(() => feedOptions(wrong)).toThrow()
})
