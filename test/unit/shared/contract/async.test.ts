import { expect, test } from 'vitest'
import { type AsyncCall, type AsyncCallback, asyncHead, readAsync } from '../../../../shared/contract/async.ts'

const call: AsyncCall = {
  kind: 'call',
  functionName: 'f',
  callId: 'an id, perhaps with ü',
  method: 'POST',
  path: '/a/b?c=d%20e',
  headers: ['X-Twice', 'a', 'x-twice', 'b', 'Latin', '\u00e9'],
}
const callback: AsyncCallback = {
  kind: 'callback',
  functionName: 'f',
  callId: '1',
  callbackUrl: 'http://127.0.0.1:1/x',
  status: 503,
  seconds: 0.25,
  headers: [],
  parts: { id: 'p-1', count: 3, sizeBytes: 1_300_000 },
}

test.each([
  ['a call', call, new Uint8Array([0, 10, 255, 10])],
  ['a callback', callback, new Uint8Array()],
])('%s comes back as it was, whatever bytes its body has', (_, head, body) => {
  expect(readAsync(Buffer.concat([asyncHead(head), body]))).toEqual({ head, body: Buffer.from(body) })
})

test.each([
  ['nothing', ''],
  ['no line', '{"kind":"call"}'],
  ['no JSON', 'call\nbody'],
  ['no path', `${JSON.stringify({ ...call, path: 'a' })}\n`],
  ['another kind', `${JSON.stringify({ ...call, kind: 'other' })}\n`],
  ['an id that is a subject', `${JSON.stringify({ ...callback, parts: { id: 'a.>', count: 1, sizeBytes: 1 } })}\n`],
])('%s is refused', (_, text) => {
  expect(() => readAsync(Buffer.from(text))).toThrow()
})
