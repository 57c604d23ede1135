import { randomBytes } from 'node:crypto'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { type Bodies, natsBodies } from '../../../shared/adapters/nats/bodies.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { type AsyncCall, asyncCallSubject, asyncHead } from '../../../shared/contract/async.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { type Recorded, RecordingServer } from '../../support/recording-server.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'

const WAIT = { timeout: 45_000, interval: 20 }
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const { ASYNC, ASYNC_BODIES, DLQ } = STREAMS

let servers: TestServers
let nats: Nats
let publisher: Publisher
let bodies: Bodies
let manager: JetStreamManager
let gateway: RecordingServer
let receiver: RecordingServer
let gatewayUrl: string
let callbackUrl: string
const started: TriggerProcess[] = []

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  publisher = natsPublisher(nats)
  bodies = natsBodies(nats, publisher)
  manager = await jetstreamManager(await nats.connection)
})
afterAll(async () => {
  await nats.close()
  await servers.stop()
})
beforeEach(async () => {
  await applyStreams(await nats.connection, [ASYNC, ASYNC_BODIES, DLQ])
  gateway = new RecordingServer()
  receiver = new RecordingServer()
  gatewayUrl = await gateway.listen()
  callbackUrl = `${await receiver.listen()}/back/..?x=%20`
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill()
  await Promise.all([gateway.close(), receiver.close()])
  for (const { name } of [ASYNC, ASYNC_BODIES, DLQ]) await manager.streams.delete(name)
})

async function start(id = 'trigger-0'): Promise<TriggerProcess> {
  const one = await startTrigger(id, { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: gatewayUrl })
  started.push(one)
  return one
}

/** Puts a call into the stream, as the gateway does. */
async function enqueue(body: Uint8Array | string = '', more: Partial<AsyncCall> = {}): Promise<void> {
  const head: AsyncCall = { kind: 'call', functionName: 'f', callId: 'c1', method: 'POST', path: '/', headers: [], ...more }
  const payload = Buffer.concat([asyncHead(head), Buffer.from(body)])
  await publisher.publishAll([{ subject: asyncCallSubject(head.functionName), payload, headers: { traceparent: TRACE } }])
}
const held = async (name: string) => (await manager.streams.info(name)).state.messages
const settled = () => vi.waitFor(async () => expect(await held(ASYNC.name)).toBe(0), WAIT)
const calls = () => gateway.requests.filter(({ url }) => url.startsWith('/function/'))
/** The function's answers; anything else that the gateway is asked is not there. */
const answer = (reply: RecordingServer['answer']) => {
  gateway.answer = (request) => (request.url.startsWith('/function/') ? reply(request) : { status: 500 })
}
const letters = async () => {
  const { state } = await manager.streams.info(DLQ.name)
  const all = Array.from({ length: state.last_seq }, (_, i) => manager.streams.getMessage(DLQ.name, { seq: i + 1 }))
  return (await Promise.all(all)).map((one) => [one!.subject, one!.header.get('Dlq-Code'), one!.header.get('Dlq-Error')])
}

test('a call reaches its function as it was: path, query, headers, bytes, its id; once', async () => {
  const body = Buffer.from([0, 10, 255, 13])
  answer(() => ({ body: 'ok' }))
  await start()
  await enqueue(body, { path: '/a/../b?c=%20&d', headers: ['X-Twice', '1', 'x-twice', '2', 'Cookie', 'a=b', 'Content-Type', 'x/y'] })
  await settled()

  expect(calls()).toHaveLength(1)
  const [{ method, url, headers, body: got }] = calls() as [Recorded]
  expect([method, url, got]).toEqual(['POST', '/function/f/a/../b?c=%20&d', body])
  expect(headers).toMatchObject({ 'x-twice': '1, 2', cookie: 'a=b', 'content-type': 'x/y', 'x-call-id': 'c1', traceparent: TRACE })
  expect(await letters()).toEqual([])
})

test("the result goes to the callback with the function's headers and OpenFaaS's", async () => {
  answer(() => ({ status: 201, headers: { 'X-Own': 'yes', 'Content-Type': 'text/x' }, body: Buffer.from([1, 0, 255]) }))
  await start()
  await enqueue('', { callbackUrl, callId: 'mine' })
  await settled()

  const [{ method, url, headers, body }] = receiver.requests as [Recorded]
  expect([receiver.requests.length, method, url, body]).toEqual([1, 'POST', '/?x=%20', Buffer.from([1, 0, 255])])
  expect(headers).toMatchObject({
    'x-own': 'yes',
    'content-type': 'text/x',
    'x-call-id': 'mine',
    'x-function-name': 'f',
    'x-function-status': '201',
    'x-duration-seconds': expect.stringMatching(/^\d+\.\d{6}$/),
  })
})

test('bodies beyond a message, there and back, leave nothing behind', async () => {
  const [asked, answered] = [randomBytes(5_000_000), randomBytes(3_000_000)]
  answer(() => ({ body: answered }))
  const kept = await bodies.keep(new Blob([asked]).stream(), { inlineBytes: 0, mostBytes: 1e9 })
  await start()
  await enqueue('', { callbackUrl, ...kept, ...('body' in kept && { parts: undefined }) })
  await settled()

  expect(calls()[0]!.body.equals(asked)).toBe(true)
  expect(receiver.requests[0]!.body.equals(answered)).toBe(true)
  expect(await held(ASYNC_BODIES.name)).toBe(0)
})

test('a call that fails is tried again after a pause, under the same id, until it succeeds', async () => {
  const failures = [{ status: 500 }, 'break', { status: 503, headers: { 'Retry-After': '0' } }, { status: 429 }] as const
  answer(() => failures[calls().length - 1] ?? {})
  await start()
  await enqueue('x', { callbackUrl })
  await settled()

  expect(calls().map(({ headers, body }) => [headers['x-call-id'], body.toString()])).toEqual(Array(5).fill(['c1', 'x']))
  expect(receiver.requests.map(({ headers }) => headers['x-function-status'])).toEqual(['200'])
  expect(await letters()).toEqual([])
})

test('a function that is not there yet is waited for, one that is stays uncalled by what its neighbour waits for', async () => {
  let isThere = false
  answer(({ url }) => (url.startsWith('/function/g') || isThere ? {} : { status: 404, body: 'error finding function f' }))
  await start()
  await enqueue('x')
  await enqueue('y', { functionName: 'g' })
  await vi.waitFor(() => expect(calls().filter(({ url }) => url === '/function/f/').length).toBeGreaterThan(2), WAIT)
  expect(calls().filter(({ url }) => url === '/function/g/')).toHaveLength(1)
  isThere = true
  await settled()
})

test('what a function refuses for good is told to the caller with its own words, and is a dead letter that can be redriven', async () => {
  answer(() => ({ status: 404, headers: { 'X-Call-Id': 'c1' }, body: 'no such order' }))
  await start()
  await enqueue('a', { callbackUrl })
  await enqueue('b')
  await settled()

  expect(receiver.requests.map(({ headers, body }) => [headers['x-function-status'], body.toString()])).toEqual([['404', 'no such order']])
  expect((await letters()).sort()).toEqual([
    ['dlq.async_f', 'FAILED', '422: the function answered 404: no such order'],
    ['dlq.async_f', 'FAILED', '422: the function answered 404: no such order'],
  ])
})

test('the dead letter of a call says what the function answered, as that of any message does, whether somebody is called back or not', async () => {
  answer(({ headers }) =>
    headers['x-call-id'] === 'c1'
      ? { status: 422, body: 'bad one' }
      : { status: 400, body: JSON.stringify({ code: 'BAD_ONE', detail: 'x'.repeat(500) }) },
  )
  await start()
  await enqueue('a', { callbackUrl })
  await enqueue('b')
  await enqueue('c', { callbackUrl, callId: 'c2' })
  await settled()

  expect((await letters()).map(([, , error]) => error).sort()).toEqual([`400: BAD_ONE ${'x'.repeat(292)}`, '422: bad one', '422: bad one'])
  expect(receiver.requests.map(({ headers, body }) => [headers['x-function-status'], body.length]).sort()).toEqual([
    ['400', 530],
    ['422', 7],
  ])
})

test('a callback that is away is tried again, without another call of the function; one that refuses is a dead letter', async () => {
  let times = 0
  receiver.answer = ({ headers }) => (headers['x-call-id'] === 'refused' ? { status: 410, body: 'gone' } : ++times < 3 ? 'break' : {})
  answer(() => ({ body: 'result' }))
  await start()
  await enqueue('a', { callbackUrl })
  await enqueue('b', { callbackUrl, callId: 'refused' })
  await settled()

  expect(calls()).toHaveLength(2)
  expect(times).toBe(3)
  expect(await letters()).toEqual([['dlq.callback_f', 'FAILED', '422: the callback answered 410: gone']])
})

test('what is no asynchronous call at all goes to the dead letters', async () => {
  await publisher.publishAll([{ subject: 'async.call.f', payload: 'hello' }])
  await start()
  await settled()
  expect(await letters()).toEqual([['dlq.async_f', 'FAILED', expect.stringContaining('no asynchronous call')]])
})

test('killed while calls run, two processes in turn: every call is made, every caller told', async () => {
  const ids = Array.from({ length: 200 }, (_, i) => `call-${i}`)
  answer(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return { body: 'done' }
  })
  await Promise.all(ids.map((callId) => enqueue(callId, { callbackUrl, callId })))
  const one = await start('trigger-0')
  await vi.waitFor(() => expect(calls().length).toBeGreaterThan(40), WAIT)
  await start('trigger-1')
  await one.kill()
  servers.processes.nats.kill('SIGKILL')
  await vi.waitFor(() => expect(new Set(receiver.requests.map(({ headers }) => headers['x-call-id'])).size).toBe(ids.length), {
    timeout: 100_000,
    interval: 50,
  })
  await settled()
  expect(new Set(calls().map(({ headers }) => headers['x-call-id'])).size).toBe(ids.length)
  expect(await letters()).toEqual([])
}, 150_000)

test('a process that is asked to end finishes its calls first', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  answer(async () => {
    await promise
    return {}
  })
  const one = await start()
  await enqueue('x')
  await vi.waitFor(() => expect(calls()).toHaveLength(1), WAIT)
  const ended = one.stop()
  resolve()
  expect(await ended).toBe(0)
  expect(await held(ASYNC.name)).toBe(0)
})
