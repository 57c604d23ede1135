import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { type Bodies, natsBodies } from '../../../shared/adapters/nats/bodies.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { type AsyncCall, readAsync } from '../../../shared/contract/async.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { RecordingServer } from '../../support/recording-server.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger } from '../../support/trigger-process.ts'
import { TestHost } from './host.ts'

const WAIT = { timeout: 30_000, interval: 20 }
const PATIENT = { timeout: 100_000, interval: 50 }
const MOST_BYTES = 8 * 1024 * 1024

let servers: TestServers
let nats: Nats
let manager: JetStreamManager
let bodies: Bodies
let host: TestHost
beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  manager = await jetstreamManager(await nats.connection)
  bodies = natsBodies(nats, natsPublisher(nats))
  await applyStreams(await nats.connection)
  host = await TestHost.start({ NATS_URL: servers.urls.NATS_URL, FAAS_MAX_BODY_BYTES: String(MOST_BYTES) })
  await host.deploy('slow')
})
afterAll(async () => {
  await host?.remove()
  await nats?.close()
  await servers?.stop()
})
afterEach(async () => {
  for (const name of [STREAMS.ASYNC.name, STREAMS.ASYNC_BODIES.name]) await manager.streams.purge(name)
})

const enqueue = (path: string, more: Parameters<TestHost['call']>[1] = {}) =>
  host.call(`/async-function/${path}`, { method: 'POST', ...more })
const held = async (name: string) => (await manager.streams.info(name)).state.messages

/** The only call that waits, with its whole body. */
async function waiting() {
  const message = await manager.streams.getMessage(STREAMS.ASYNC.name, { last_by_subj: 'async.call.>' })
  const { head, body } = readAsync(message!.data)
  const parts: Uint8Array[] = []
  if (head.parts) for await (const part of bodies.read(head.parts)) parts.push(part)
  return { head: head as AsyncCall, body: Buffer.concat([body, ...parts]), subject: message!.subject, header: message!.header }
}

test('a call is answered 202, without a body, when it lies in the stream as it came', async () => {
  const headers = { 'X-Call-Id': 'mine', 'X-Callback-Url': 'http://127.0.0.1:9/back', 'Content-Type': 'application/x-mine', 'X-Odd': 'é' }
  const body = Buffer.from([0, 10, 255])

  const answer = await enqueue('slow.openfaas-fn/some/path?a=1&b=%20', { headers, body })

  expect([answer.status, answer.text, answer.headers['x-call-id']]).toEqual([202, '', 'mine'])
  expect(answer.headers['x-start-time']).toMatch(/^\d{19}$/)
  const { head, body: kept, subject } = await waiting()
  expect(subject).toBe('async.call.slow')
  expect(head).toMatchObject({
    functionName: 'slow',
    callId: 'mine',
    method: 'POST',
    path: '/some/path?a=1&b=%20',
    callbackUrl: 'http://127.0.0.1:9/back',
  })
  const sent = Object.fromEntries(Array.from({ length: head.headers.length / 2 }, (_, i) => head.headers.slice(2 * i, 2 * i + 2)))
  expect(sent).toMatchObject({
    'Content-Type': 'application/x-mine',
    'X-Odd': 'é',
    'X-Forwarded-For': '127.0.0.1',
    'X-Forwarded-Host': `127.0.0.1:${host.port}`,
  })
  expect(Object.keys(sent).map((name) => name.toLowerCase())).not.toEqual(expect.arrayContaining(['content-length']))
  expect(kept).toEqual(body)
})

test('without an id of its own a call gets one', async () => {
  const { headers } = await enqueue('slow')
  expect(headers['x-call-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect((await waiting()).head.callId).toBe(headers['x-call-id'])
})

test.each([300_000, 1_000_000, 1_040_000, 1_100_000, 5_000_000])('a body of %i bytes', async (sizeBytes) => {
  const body = randomBytes(sizeBytes)
  expect((await enqueue('slow', { body })).status).toBe(202)
  expect((await waiting()).body.equals(body)).toBe(true)
})

test('a body whose length is not told', async () => {
  const body = randomBytes(2_000_000)
  const sent = await fetch(`${host.url}/async-function/slow`, { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' })
  expect(sent.status).toBe(202)
  expect((await waiting()).body.equals(body)).toBe(true)
})

test('what cannot be a call is refused, and nothing is left of it', async () => {
  const answers = [
    await enqueue('slow', { method: 'GET' }),
    await enqueue('slow', { headers: { 'X-Callback-Url': 'ftp://x' } }),
    await enqueue('nobody'),
    await enqueue('slow', { headers: { 'content-length': String(MOST_BYTES + 1) } }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([405, 400, 404, 413])
  expect(answers[2]!.text).toBe('error finding function nobody')
  const socket = connect(host.port, '127.0.0.1')
  socket.write('POST /async-function/slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const feed = () => {
    while (socket.writable && socket.write(`100000\r\n${'x'.repeat(0x100000)}\r\n`));
  }
  socket.on('drain', feed).on('error', () => {})
  feed()
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 413 /)
  socket.destroy()
  expect([await held(STREAMS.ASYNC.name), await held(STREAMS.ASYNC_BODIES.name)]).toEqual([0, 0])
})

test('a caller that leaves in the middle of its body has no call, and leaves no parts', async () => {
  const socket = connect(host.port, '127.0.0.1')
  socket.write('POST /async-function/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n')
  socket.write(randomBytes(2_500_000))
  await vi.waitFor(async () => expect(await held(STREAMS.ASYNC_BODIES.name)).toBeGreaterThan(1), WAIT)
  socket.destroy()
  await vi.waitFor(async () => expect(await held(STREAMS.ASYNC_BODIES.name)).toBe(0), WAIT)
  expect(await held(STREAMS.ASYNC.name)).toBe(0)
  expect((await enqueue('slow')).status).toBe(202)
})

test('what was answered 202 outlives the host', async () => {
  const { headers } = await enqueue('slow', { body: 'x' })
  await host.down('SIGKILL')
  await host.up()
  expect((await waiting()).head.callId).toBe(headers['x-call-id'])
})

test('while NATS is away a call is refused with 503; afterwards it is taken', async () => {
  servers.processes.nats.kill('SIGSTOP')
  const asked = enqueue('slow', { body: 'x' })
  servers.processes.nats.kill('SIGKILL')
  const { status, headers } = await asked
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  await vi.waitFor(async () => expect((await enqueue('slow', { body: 'y' })).status).toBe(202), WAIT)
  await nats.there()
  expect((await waiting()).body.toString()).toBe('y')
})

test('a full stream takes no more, and loses nothing', async () => {
  await manager.streams.update(STREAMS.ASYNC.name, { max_bytes: 100_000 })
  const answers = [await enqueue('slow', { body: randomBytes(60_000) }), await enqueue('slow', { body: randomBytes(60_000) })]
  expect(answers.map(({ status }) => status)).toEqual([202, 503])
  expect(await held(STREAMS.ASYNC.name)).toBe(1)
  await applyStreams(await nats.connection)
})

test('from caller to callback: whatever is killed, every call that was answered 202 is made and told', async () => {
  const receiver = new RecordingServer()
  const callback = { 'X-Callback-Url': await receiver.listen() }
  const urls = { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: host.url }
  const triggers = [await startTrigger('trigger-0', urls), await startTrigger('trigger-1', urls)]
  const taken: string[] = []
  const call = async (i: number) => {
    const body = randomBytes(i % 10 === 0 ? 1_200_000 : 100)
    const answer = await enqueue('slow/slow?ms=10', { headers: { ...callback, 'X-Call-Id': `call-${i}` }, body }).catch(() => undefined)
    if (answer?.status === 202) taken.push(`call-${i}`)
  }
  const told = () => new Set(receiver.requests.map(({ headers }) => String(headers['x-call-id'])))
  const kills = [
    async () => process.kill(host.replicas()[0]!.pid, 'SIGKILL'),
    async () => triggers[0]!.kill(),
    async () => {
      await host.down('SIGKILL')
      await host.up()
    },
    async () => servers.processes.nats.kill('SIGKILL'),
  ]
  for (const [round, kill] of kills.entries()) {
    const before = told().size
    const calling = Promise.all(Array.from({ length: 40 }, (_, i) => call(round * 40 + i)))
    await vi.waitFor(() => expect(told().size).toBeGreaterThan(before), PATIENT)
    await kill()
    await calling
  }
  expect(taken.length).toBeGreaterThan(80)
  await vi.waitFor(() => expect(taken.filter((id) => !told().has(id))).toEqual([]), PATIENT)
  const results = receiver.requests.map(({ headers, body }) => [
    headers['x-function-status'],
    JSON.parse(body.toString()).headers['x-call-id'],
  ])
  expect(results).toEqual(receiver.requests.map(({ headers }) => ['200', headers['x-call-id']]))
  await triggers[1]!.stop()
  await receiver.close()
}, 240_000)

test('a host without NATS says that it takes none', async () => {
  const other = await TestHost.start()
  await other.deploy('slow')
  const { status, text } = await other.call('/async-function/slow', { method: 'POST' })
  expect([status, text]).toEqual([501, 'asynchronous calls need NATS_URL'])
  await other.remove()
})
