import { expect, test } from 'vitest'
import * as z from 'zod'
import { defineAcked, type Failures, json, oneByOne } from '../../../../shared/runtime/acked.ts'
import type { AckedItem } from '../../../../shared/runtime/acked-item.ts'
import { RetryableError, TerminalError } from '../../../../shared/runtime/errors.ts'
import { frame } from '../../../../triggers/acked/frame.ts'
import { held } from '../../triggers/acked/content.ts'

// biome-ignore lint/suspicious/noConfusingVoidType: as in the definition
type Handle<T> = (items: readonly AckedItem<T>[], traceparent: string) => Promise<Failures | void>

const body = (...messages: ReturnType<typeof held>[]) => Buffer.concat(frame('S', messages).body)
const numbered = (...payloads: string[]) => body(...payloads.map((payload, i) => held({ payload, sequence: i + 1, key: payload[0]! })))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

async function post<T>(handle: Handle<T>, sent: Uint8Array, read?: (bytes: Uint8Array) => T) {
  const app = defineAcked<T>({ name: 'f', ...(read && { read }), handle })
  const answer = await app.request('/', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: Buffer.from(sent) })
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
}
const postPlain = async (handle: Handle<Uint8Array>, headers: Record<string, string>) => {
  const app = defineAcked({ name: 'f', handle })
  return app.request('/', { method: 'POST', headers, body: 'plain' })
}

test('a batch is handled as its messages, and what is not named is done', async () => {
  const seen: unknown[] = []
  const handle: Handle<Uint8Array> = async (items) => {
    for (const item of items)
      seen.push([item.index, text(item.value), item.subject, item.stream, item.sequence, item.timeMs, item.attempt, item.header('COLOR')])
    return [{ index: 1, code: 'MY_CODE', error: 'no', retry: true }]
  }
  const first = held({ payload: 'a', sequence: 5, ms: 50, headers: ['color: red'] })
  const { status, json } = await post(handle, body(first, held({ payload: 'b\nc', subject: 's.b', sequence: 9, ms: 60, sends: 3 })))
  expect(seen).toEqual([
    [0, 'a', 's.a', 'S', 5, 50, 1, 'red'],
    [1, 'b\nc', 's.b', 'S', 9, 60, 3, undefined],
  ])
  expect([status, json]).toEqual([200, { ok: true, done: 1, failed: [{ index: 1, code: 'MY_CODE', error: 'no', retry: true }] }])
})

test('what cannot be read is refused for good by itself, and never handled', async () => {
  const values: unknown[] = []
  const read = json(z.object({ n: z.number() }))
  const handle: Handle<{ n: number }> = async (items) => void values.push(...items.map(({ value }) => value))
  const { json: answer } = await post(
    handle,
    body(held({ payload: '{"n":1}' }), held({ payload: '{"n":"1"}', sequence: 8 }), held({ payload: '{', sequence: 9 })),
    read,
  )
  expect(values).toEqual([{ n: 1 }])
  expect(answer).toMatchObject({
    done: 1,
    failed: [
      { index: 1, code: 'BAD_MESSAGE', retry: false },
      { index: 2, code: 'BAD_MESSAGE', retry: false },
    ],
  })
})

test('a malformed batch is refused, and nothing is done', async () => {
  let calls = 0
  const handle: Handle<Uint8Array> = async () => void calls++
  const whole = numbered('a', 'b')
  for (const broken of [whole.subarray(0, -2), Buffer.concat([whole, Buffer.from('c\n')]), Buffer.from('{}\n'), Buffer.from('x')])
    expect(await post(handle, broken)).toMatchObject({ status: 400, json: { code: 'ERR_BATCH' } })
  expect(calls).toBe(0)
})

test("a server that is away is no message's doing; any other error fails the whole batch", async () => {
  const throwing =
    (error: Error): Handle<Uint8Array> =>
    () =>
      Promise.reject(error)
  expect(await post(throwing(new RetryableError('ERR_UNAVAILABLE', 'away')), numbered('a'))).toMatchObject({ status: 503 })
  expect(await post(throwing(new Error('boom')), numbered('a'))).toMatchObject({ status: 500 })
})

test('one by one: a message that fails holds back those of its key; one that is refused for good does not', async () => {
  const done: string[] = []
  const handle = oneByOne<Uint8Array>(async ({ value }) => {
    if (text(value) === 'a1') throw new Error('later')
    if (text(value) === 'b1') throw new TerminalError('BAD_MESSAGE', 'never')
    done.push(text(value))
  })
  const { json } = await post(handle, numbered('a1', 'b1', 'a2', 'b2', 'c1'))
  expect(done).toEqual(['b2', 'c1'])
  expect(json.failed).toEqual([
    { index: 0, code: 'FAILED', error: 'later', retry: true },
    { index: 1, code: 'BAD_MESSAGE', error: 'never', retry: false },
    { index: 2, code: 'ERR_UNAVAILABLE', error: 'an earlier message of its key failed', retry: true },
  ])
})

test('one by one: where nothing gets through because a server is away, the function says so of itself', async () => {
  const handle = oneByOne<Uint8Array>(() => Promise.reject(new RetryableError('ERR_UNAVAILABLE', 'away')))
  expect((await post(handle, numbered('a', 'b'))).status).toBe(503)
  const some = oneByOne<Uint8Array>(async ({ index }) => {
    if (index === 0) throw new RetryableError('ERR_UNAVAILABLE', 'away')
  })
  expect((await post(some, numbered('a', 'b'))).json).toMatchObject({ failed: [{ index: 0, code: 'ERR_UNAVAILABLE', retry: true }] })
})

test('one plain message, as connectors send it or as a person does', async () => {
  const seen: unknown[] = []
  const handle: Handle<Uint8Array> = async ([item]) =>
    void seen.push([text(item!.value), item!.subject, item!.stream, item!.sequence, item!.attempt])
  const headers = { 'X-Topic': 's.a', 'X-Nats-Stream': 'S', 'X-Nats-Sequence': '7', 'X-Nats-Attempt': '2' }
  expect((await postPlain(handle, headers)).status).toBe(200)
  expect((await postPlain(handle, {})).status).toBe(200)
  expect(seen).toEqual([
    ['plain', 's.a', 'S', 7, 2],
    ['plain', '', '', 0, 1],
  ])
})

test.each([
  [new TerminalError('BAD_MESSAGE', 'never'), 422, 'BAD_MESSAGE'],
  [new Error('later'), 500, 'FAILED'],
  [new RetryableError('ERR_UNAVAILABLE', 'away'), 503, 'ERR_UNAVAILABLE'],
])('one plain message that fails is answered by its status: %s', async (error, status, code) => {
  const answer = await postPlain(
    oneByOne(() => Promise.reject(error)),
    {},
  )
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code])
})
