import { expect, test } from 'vitest'
import { isByFunction, isNarrow, parseFilter, takes } from '../../../../../infra/cli/dlq/filter.ts'
import { readLetter } from '../../../../../shared/contract/found-letter.ts'

const NOW = Date.UTC(2026, 0, 31, 12)

const letter = (subject: string, { code = 'BAD_TICK', writtenMs = NOW } = {}) => {
  const headers: Record<string, string> = { 'Dlq-Subject': subject, 'Dlq-Code': code }
  return readLetter({
    sequence: 1,
    writtenMs,
    subject: 'dlq.f',
    header: (name) => headers[name] ?? '',
    sizeBytes: 0,
    body: new Uint8Array(),
  })
}

test.each([
  ['ticks.a.b', 'ticks.a.b', true],
  ['ticks.a.b', 'ticks.a.bc', false],
  ['ticks.*.b', 'ticks.a.b', true],
  ['ticks.*', 'ticks.a.b', false],
  ['ticks.>', 'ticks.a.b', true],
  ['ticks.>', 'ticks', false],
  ['>', 'ticks', true],
  ['*.*.*', 'ticks.a.b', true],
])('a pattern %s on %s: %s', (pattern, subject, expected) => {
  expect(takes(parseFilter({ subject: [pattern] }, NOW), letter(subject))).toBe(expected)
})

test('several values of one condition are alternatives, several conditions all hold', () => {
  const filter = parseFilter({ code: ['BAD_TICK', 'LATE_TS'], subject: ['a.>', 'b.>'] }, NOW)
  expect([letter('a.x'), letter('b.x', { code: 'LATE_TS' })].every((one) => takes(filter, one))).toBe(true)
  expect([letter('c.x'), letter('a.x', { code: 'FAILED' })].some((one) => takes(filter, one))).toBe(false)
})

test.each([
  ['90s', NOW - 90_000],
  ['10m', NOW - 600_000],
  ['2h', NOW - 7_200_000],
  ['7d', NOW - 7 * 86_400_000],
  ['2026-01-30', Date.UTC(2026, 0, 30)],
  ['2026-01-30T06:00', Date.UTC(2026, 0, 30, 6)],
  ['2026-01-30T06:00:00.5Z', Date.UTC(2026, 0, 30, 6, 0, 0, 500)],
  ['2026-01-30T06:00+02:00', Date.UTC(2026, 0, 30, 4)],
])('--since %s', (text, ms) => {
  expect(parseFilter({ since: text }, NOW).sinceMs).toBe(ms)
})

test('until is a border that is not included', () => {
  const filter = parseFilter({ until: '10m' }, NOW)
  expect([NOW - 600_001, NOW - 600_000].map((writtenMs) => takes(filter, letter('a', { writtenMs })))).toEqual([true, false])
})

test.each([
  [{ since: 'soon' }, '--since is a time ago such as 10m'],
  [{ until: '2026-13-01' }, '--until is a time ago'],
  [{ since: '1h', until: '2h' }, '--since is not before --until'],
  [{ limit: '-1' }, '--limit is a whole number'],
  [{ function: ['dlq.>'] }, '--function is the name of a function'],
])('%o is refused', (options, message) => {
  expect(() => parseFilter(options, NOW)).toThrow(message)
})

test('what narrows a filter, and what the server can find by itself', () => {
  const of = (options: Parameters<typeof parseFilter>[0]) => {
    const filter = parseFilter(options, NOW)
    return [isNarrow(filter), isByFunction(filter)]
  }
  expect([of({}), of({ function: ['f'] }), of({ limit: '5' }), of({ code: ['FAILED'] }), of({ since: '1h' })]).toEqual([
    [false, true],
    [true, true],
    [false, false],
    [true, false],
    [true, false],
  ])
})
