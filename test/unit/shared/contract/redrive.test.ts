import { expect, test } from 'vitest'
import { type DeadLetter, toDeadLetter } from '../../../../shared/contract/dead-letter.ts'
import { type FoundLetter, readLetter } from '../../../../shared/contract/found-letter.ts'
import { type Redriven, toRedriven } from '../../../../shared/contract/redrive.ts'

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

/** A letter after its way through the stream. */
function stored(letter: Partial<DeadLetter> = {}): FoundLetter {
  const { subject, headers, msgId, payload } = toDeadLetter({
    functionName: 'f',
    stream: 'S',
    version: 2 ** 40 + 7,
    sequence: 7,
    subject: 's.a.b',
    code: 'FAILED',
    error: '422: no',
    attempts: 5,
    timeMs: 1_700_000_000_123,
    traceparent: TRACE,
    body: new Uint8Array([0, 255, 10]),
    ...letter,
  })
  const all: Record<string, string> = { ...headers, 'Nats-Msg-Id': msgId }
  return readLetter({
    sequence: 3,
    writtenMs: 5,
    subject,
    header: (name) => all[name] ?? '',
    sizeBytes: payload.length,
    body: payload,
  })
}

const block = (...lines: string[]) => ['NATS/1.0', ...lines, '', ''].join('\r\n')
const redriven = (letter: FoundLetter) => toRedriven(letter) as Redriven

test('what was written is read back', () => {
  expect(stored({ headers: block('color: red') })).toMatchObject({
    sequence: 3,
    functionName: 'f',
    stream: 'S',
    messageSequence: 7,
    subject: 's.a.b',
    code: 'FAILED',
    error: '422: no',
    attempts: 5,
    timeMs: 1_700_000_000_123,
    traceparent: TRACE,
    headers: [['color', 'red']],
    redriven: 0,
    msgId: `f:${2 ** 40 + 7}`,
  })
})

test('a message goes back to its subject, however long, with its bytes, its headers in their order, and how often it was redriven', () => {
  const subject = `s.${'x'.repeat(3000)}`
  const message = redriven(stored({ subject, headers: block('tag: a', 'traceparent: t', 'tag: b', 'empty:') }))

  expect(message).toEqual({
    subject,
    payload: new Uint8Array([0, 255, 10]),
    headers: [
      ['tag', 'a'],
      ['traceparent', 't'],
      ['tag', 'b'],
      ['empty', ''],
      ['Dlq-Redriven', '1'],
      ['Dlq-Function', 'f'],
    ],
    msgId: `redriven:f:${2 ** 40 + 7}`,
  })
})

test('what the first publish asked of the broker is not asked again: it would be dropped as a repeat, refused, or purge the subject', () => {
  const own = ['Nats-Msg-Id: 1', 'Nats-Expected-Last-Sequence: 4', 'Nats-Rollup: sub', 'Nats-TTL: 1s', 'color: red']
  expect(redriven(stored({ headers: block(...own) })).headers.map(([name]) => name)).toEqual(['color', 'Dlq-Redriven', 'Dlq-Function'])
})

test('one that is refused again counts on', () => {
  const again = stored({ headers: block('color: red', 'Dlq-Redriven: 4', 'Dlq-Function: other') })
  expect(again.redriven).toBe(4)
  expect(redriven(again).headers).toEqual([
    ['color', 'red'],
    ['Dlq-Redriven', '5'],
    ['Dlq-Function', 'f'],
  ])
})

test('a line of a message has an id of its own', () => {
  expect(redriven(stored({ line: 2 })).msgId).toBe(`redriven:f:${2 ** 40 + 7}.2`)
})

test('what somebody else put there is read as far as it says something, and is not sent anywhere', () => {
  const read = (headers: Record<string, string>) =>
    readLetter({
      sequence: 9,
      writtenMs: 1,
      subject: 'dlq.x',
      header: (name) => headers[name] ?? '',
      sizeBytes: 0,
      body: new Uint8Array(),
    })
  expect(read({ 'Dlq-Attempts': 'many' })).toMatchObject({ functionName: 'x', attempts: undefined, code: undefined })
  expect(toRedriven(read({}))).toContain('which subject')
  expect(toRedriven(read({ 'Dlq-Subject': 's', 'Dlq-Headers': '{' }))).toContain('cannot be read')
  expect(redriven(read({ 'Dlq-Subject': 's' })).msgId).toBe('redriven:x:letter.9')
})
