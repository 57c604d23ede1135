import { expect, test } from 'vitest'
import { outcomeOf } from '../../../../triggers/acked/outcome.ts'
import type { Outcome } from '../../../../triggers/acked/step.ts'
import type { Answer } from '../../../../triggers/outcome.ts'

const json = (status: number, body: object, headers: Answer['headers'] = {}): Answer => ({ status, headers, body: JSON.stringify(body) })
const text = (status: number, body = '', headers: Answer['headers'] = {}): Answer => ({ status, headers, body })
const failed = (...failures: object[]) => json(200, { ok: true, failed: failures })

const table: [what: string, Answer, Partial<Outcome>][] = [
  ['done', json(200, { ok: true, done: 5 }), { kind: 'done' }],
  ['an answer that is nothing of ours', text(204), { kind: 'done' }],
  ['an answer that speaks of failing', text(200, 'nothing failed'), { kind: 'done' }],
  ['no failures', failed(), { kind: 'done' }],
  ['failures by index', failed({ index: 4, code: 'X' }), { kind: 'partly', failures: [{ index: 4, code: 'X', retry: true }] }],
  ['one for good', failed({ index: 0, retry: false }), { kind: 'partly', failures: [{ index: 0, retry: false }] }],
  ['an index beyond the batch', failed({ index: 5 }), { kind: 'failed', cause: '200: `failed` names message 5 of 5' }],
  ['failures that are none', json(200, { failed: 'two' }), { kind: 'failed' }],
  ['nobody there', text(0, 'ECONNREFUSED'), { kind: 'away', suspect: false }],
  ['no connection in time', text(0, 'UND_ERR_CONNECT_TIMEOUT'), { kind: 'away', suspect: false }],
  ['broken off', text(0, 'UND_ERR_SOCKET'), { kind: 'away', suspect: true }],
  ['no answer in time', text(0, 'no answer within 60000 ms'), { kind: 'away', suspect: true }],
  ['too many, wait', text(429, '', { 'retry-after': '3' }), { kind: 'away', afterMs: 3000, suspect: false }],
  ['a server is away', text(503), { kind: 'away', suspect: false }],
  ["the gateway's own error", text(500, '', { 'x-openfaas-internal': 'gateway' }), { kind: 'away', suspect: true }],
  ['a gateway timeout', text(504), { kind: 'away', suspect: true }],
  ['not deployed', text(404, 'error finding function f'), { kind: 'away', suspect: true }],
  [
    'no such path in the function',
    json(404, { code: 'ERR_NOT_FOUND' }, { 'x-call-id': 'a' }),
    { kind: 'failed', cause: '404: ERR_NOT_FOUND ' },
  ],
  ["no such path, by OpenFaaS's watchdog", text(404, '', { 'x-duration-seconds': '0.001' }), { kind: 'failed' }],
  ['a redirect', text(302), { kind: 'away' }],
  ['an error', text(500, 'boom', { 'retry-after': '1' }), { kind: 'failed', afterMs: 1000, cause: '500: boom' }],
  ['malformed on its way', json(400, { code: 'ERR_BATCH' }), { kind: 'failed' }],
  ['refused', text(422, 'no'), { kind: 'refused', cause: '422: no' }],
  ['too large', json(413, { code: 'ERR_TOO_LARGE' }), { kind: 'refused' }],
]

test.each(table)('%s', (_, answer, expected) => {
  expect(outcomeOf(answer, 5, 'batch')).toMatchObject(expected)
})

test('a single plain message has no place for failures: its status says all', () => {
  expect(outcomeOf(failed({ index: 0 }), 1, 'message')).toEqual({ kind: 'done' })
})
