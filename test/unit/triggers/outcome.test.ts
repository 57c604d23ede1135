import { expect, test } from 'vitest'
import { type Answer, type Outcome, outcomeOf, retryAfterMs } from '../../../triggers/outcome.ts'

const json = (status: number, body: object, headers: Answer['headers'] = {}): Answer => ({ status, headers, body: JSON.stringify(body) })
const text = (status: number, body = '', headers: Answer['headers'] = {}): Answer => ({ status, headers, body })
const positions = { '3': { version: 7, ns: '1700000000000000001' }, '4': null }

const table: [what: string, Answer, Partial<Outcome>][] = [
  ['applied', json(200, { ok: true, applied: 5, repeat: false, rejected: 2 }), { kind: 'settled', rejected: 2 }],
  ['applied before', json(200, { ok: true, applied: 0, repeat: true, rejected: 0 }), { kind: 'settled', rejected: 0 }],
  ['a function that answers nothing of ours', text(200, 'ok'), { kind: 'settled', rejected: 0 }],
  ['stands elsewhere', json(409, { code: 'ERR_POSITION', positions }), { kind: 'seek', positions }],
  ['409 without positions', json(409, { code: 'ERR_POSITION' }), { kind: 'retry' }],
  ['409 of something else', text(409, 'conflict'), { kind: 'retry' }],
  ['no connection', text(0, 'ECONNREFUSED'), { kind: 'retry', afterMs: 0, cause: 'no answer: ECONNREFUSED' }],
  ['bad credentials', text(401), { kind: 'retry' }],
  ['forbidden', text(403), { kind: 'retry' }],
  ['function not deployed', text(404, 'error finding function f'), { kind: 'retry' }],
  ['request timeout', text(408), { kind: 'retry' }],
  ['too early', text(425), { kind: 'retry' }],
  ['too many, wait', text(429, '', { 'retry-after': '3' }), { kind: 'retry', afterMs: 3000 }],
  ['too many, wait very long', text(429, '', { 'retry-after': '86400' }), { kind: 'retry', afterMs: 60_000 }],
  [
    'a date to wait for',
    text(429, '', { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT', date: 'Sun, 06 Nov 1994 08:49:30 GMT' }),
    { kind: 'retry', afterMs: 7000 },
  ],
  ['a store is away', json(503, { code: 'ERR_UNAVAILABLE' }, { 'retry-after': '0' }), { kind: 'retry', afterMs: 0 }],
  ['bad gateway', text(502), { kind: 'retry' }],
  ['gateway timeout', text(504), { kind: 'retry' }],
  ['a redirect', text(302), { kind: 'retry' }],
  ["the gateway's own error", text(500, 'boom', { 'x-openfaas-internal': 'proxy' }), { kind: 'retry' }],
  ['failed inside', json(500, { code: 'ERR_INTERNAL', detail: 'x' }), { kind: 'refused', patience: 5, cause: '500: ERR_INTERNAL x' }],
  ['not implemented', text(501), { kind: 'refused', patience: 5 }],
  ['malformed on its way', json(400, { code: 'ERR_BATCH' }), { kind: 'refused', patience: 5 }],
  ['refused', text(400, 'no'), { kind: 'refused', patience: 1, cause: '400: no' }],
  ['too large', json(413, { code: 'ERR_TOO_LARGE' }), { kind: 'refused', patience: 1 }],
  ['cannot be processed', text(422), { kind: 'refused', patience: 1 }],
]

test.each(table)('%s', (_, answer, expected) => {
  expect(outcomeOf(answer)).toMatchObject(expected)
})

const AT = 'Sun, 06 Nov 1994 08:49:37 GMT'

test.each([
  ['in seconds', '3', undefined, 3000],
  ['none', undefined, undefined, 0],
  ['a date, by the date of the answer', AT, 'Sun, 06 Nov 1994 08:49:32 GMT', 5000],
  ['a date, by the clock where the answer has none', AT, undefined, 10_000],
  ['a date, by the clock where that of the answer is none', AT, 'yesterday', 10_000],
  ['a date of long ago', AT, 'Mon, 07 Nov 1994 08:49:37 GMT', 0],
  ['a date far ahead', AT, 'Sat, 05 Nov 1994 08:49:37 GMT', 60_000],
  ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', undefined, 10_000],
  ['the form of asctime', 'Sun Nov  6 08:49:37 1994', undefined, 10_000],
  ['a negative number', '-5', undefined, 0],
  ['words', 'in 5 minutes', undefined, 0],
])('Retry-After: %s', (_, header, date, afterMs) => {
  expect(retryAfterMs({ 'retry-after': header, date }, Date.UTC(1994, 10, 6, 8, 49, 27))).toBe(afterMs)
})
