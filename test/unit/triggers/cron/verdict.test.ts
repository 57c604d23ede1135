import { expect, test } from 'vitest'
import { verdictOf } from '../../../../triggers/cron/call.ts'

const answer = (status: number, headers: Record<string, string> = {}, body = '') => ({ status, headers, body })

test.each([
  ['an answer of any success', answer(202), 0, { kind: 'done' }],
  ['no connection', answer(0, {}, 'ECONNREFUSED'), 99, { kind: 'again', isFault: false, cause: 'no answer: ECONNREFUSED' }],
  ['no replica', answer(503, { 'retry-after': '2' }), 99, { kind: 'again', isFault: false, afterMs: 2000 }],
  ['too many calls', answer(429), 99, { kind: 'again', isFault: false }],
  ['not deployed', answer(404), 99, { kind: 'again', isFault: false }],
  ['no such path in the function', answer(404, { 'x-call-id': 'a' }), 0, { kind: 'again', isFault: true }],
  ['no such path in the function the fifth time', answer(404, { 'x-call-id': 'a' }, 'no'), 4, { kind: 'failed', cause: '404: no' }],
  ['a function that fails', answer(500), 0, { kind: 'again', isFault: true }],
  ['a function that fails the fifth time', answer(500, {}, 'no'), 4, { kind: 'failed', cause: '500: no' }],
  ['a function that does not end', answer(504), 0, { kind: 'again', isFault: true }],
  ['a function that does not end the fifth time', answer(504), 4, { kind: 'failed' }],
  ['a refusal', answer(400, {}, '{"code":"ERR_REQUEST","detail":"no"}'), 0, { kind: 'failed', cause: '400: ERR_REQUEST no' }],
  ['a function of batches', answer(409, {}, '{"code":"ERR_POSITION","positions":{}}'), 0, { kind: 'failed' }],
] as const)('%s', (_, given, failures, verdict) => {
  expect(verdictOf(given, failures)).toMatchObject(verdict)
})
