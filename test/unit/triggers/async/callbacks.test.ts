import { expect, test } from 'vitest'
import type { Bodies } from '../../../../shared/adapters/nats/bodies.ts'
import { type AsyncCall, type AsyncCallback, asyncHead, readAsync } from '../../../../shared/contract/async.ts'
import { toDeadLetter } from '../../../../shared/contract/dead-letter.ts'
import { createCallbacks } from '../../../../triggers/async/callbacks.ts'
import { isQueueName, nameOf, queueOf } from '../../../../triggers/async/queues.ts'
import { recordingPublisher } from '../../../support/recording-publisher.ts'

const inMessages: Bodies = {
  async keep(source) {
    const chunks: Uint8Array[] = []
    for await (const chunk of source) chunks.push(chunk)
    return { body: Buffer.concat(chunks) }
  },
  async *read() {},
  async drop() {},
  messageBytes: async () => 1_000_000,
}

const call: AsyncCall = { kind: 'call', functionName: 'f', callId: 'c', method: 'POST', path: '/', headers: [], callbackUrl: 'http://x/' }
const letter = (error: string, head: AsyncCall = call) =>
  toDeadLetter({
    functionName: 'async_f',
    stream: 'ASYNC',
    sequence: 7,
    subject: 'async.call.f',
    code: 'FAILED',
    error,
    attempts: 12,
    timeMs: 1,
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    body: asyncHead(head),
  })
const result: AsyncCallback = {
  kind: 'callback',
  functionName: 'f',
  callId: 'c',
  callbackUrl: 'http://x/',
  status: 404,
  seconds: 1,
  headers: [],
}

function setUp() {
  const publisher = recordingPublisher()
  return {
    publisher,
    callbacks: createCallbacks(publisher, inMessages),
    results: () => publisher.sent.filter(({ subject }) => subject.startsWith('async.')),
  }
}

test.each([
  ['500: it failed', 500],
  ['no answer: ECONNRESET', 503],
  ['older than 86400000 ms', 503],
  ['older than 86400000 ms; sent once, last: no answer: ECONNRESET', 503],
  ['older than 86400000 ms; sent 23 times, last: 429: too many', 429],
])('a call given up with "%s" is told to its caller as %i, without a body', async (error, status) => {
  const { callbacks, results } = setUp()
  await callbacks.letters.publishAll([letter(error)])
  expect(results()).toMatchObject([{ subject: 'async.callback.f', msgId: 'callback:7' }])
  expect(readAsync(results()[0]!.payload as Uint8Array)).toMatchObject({ head: { callId: 'c', status }, body: new Uint8Array() })
})

test('one that was told already, or that nobody waits for, is only a dead letter', async () => {
  const { callbacks, results, publisher } = setUp()
  await callbacks.put('7', result, new Blob(['not here']).stream())
  await callbacks.letters.publishAll([letter('422: the function answered 404'), letter('500: x', { ...call, callbackUrl: undefined })])
  expect(results().map(({ payload }) => Buffer.from(readAsync(payload as Uint8Array).body).toString())).toEqual(['not here'])
  expect(publisher.sent.filter(({ subject }) => subject === 'dlq.async_f')).toHaveLength(2)
})

test('queues have names of their own, which no function has', () => {
  const queues = ['async.call.big-moves', 'async.callback.big-moves', 'async.other.f', 'async.call.a.b'].map(queueOf)
  expect(queues.map((queue) => queue && nameOf(queue))).toEqual(['async_big-moves', 'callback_big-moves', undefined, undefined])
  expect(['async_f', 'callback_f', 'big-moves'].map(isQueueName)).toEqual([true, true, false])
})
