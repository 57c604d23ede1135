import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { natsStream } from '../../../shared/adapters/nats/stream.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

const WAIT = { timeout: 30_000, interval: 20 }
const spec = { name: 'P', subjects: ['p.>'], slots: 1, maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, duplicateWindowMs: 120_000 }

let servers: TestServers
let nats: Nats
let publisher: Publisher

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  await nats.there()
  publisher = natsPublisher(nats)
  await applyStreams(await nats.connection, [spec])
})
afterAll(async () => {
  await nats.close()
  await servers.stop()
})

const held = async () => (await (await jetstreamManager(await nats.connection)).streams.info(spec.name)).state.messages
const unavailable = { code: 'ERR_UNAVAILABLE' }

test('all are stored in their order when it resolves, however many', async () => {
  const before = await held()
  const messages = Array.from({ length: 10_000 }, (_, i) => ({ subject: 'p.x', payload: `m${i}`, headers: { n: String(i) } }))
  await publisher.publishAll(messages)
  expect(await held()).toBe(before + 10_000)
  const stream = natsStream(nats, spec.name)
  const message = await stream.message(before + 5000)
  expect([Buffer.from(message!.data).toString(), message!.headers]).toEqual(['m4999', 'NATS/1.0\r\nn: 4999\r\n\r\n'])
})

test('a second copy under the same id is acknowledged and not stored again', async () => {
  await publisher.publishAll([{ subject: 'p.id', payload: 'a', msgId: 'one' }])
  const before = await held()
  await publisher.publishAll([{ subject: 'p.id', payload: 'a', msgId: 'one' }])
  expect(await held()).toBe(before)
})

test('calls side by side do not mix up their acknowledgements', async () => {
  const before = await held()
  await Promise.all(
    [1, 2, 3].map((n) => publisher.publishAll(Array.from({ length: 500 }, (_, i) => ({ subject: `p.${n}`, payload: `${i}` })))),
  )
  expect(await held()).toBe(before + 1500)
})

test('a subject that no stream takes is an error, and so is a message too large', async () => {
  await expect(publisher.publishAll([{ subject: 'p.ok', payload: 'x' }, { subject: 'nowhere', payload: 'x' }])).rejects.toMatchObject(unavailable) // biome-ignore format: one line
  await expect(publisher.publishAll([{ subject: 'p.x', payload: 'x'.repeat(2_000_000) }])).rejects.toMatchObject(unavailable)
})

test('what is told reaches those who listen now', async () => {
  const heard: string[] = []
  const connection = await nats.connection
  connection.subscribe('live.>', { callback: (_, message) => void heard.push(message.string()) })
  await connection.flush()
  publisher.tell('live.bar', 'now')
  await vi.waitFor(() => expect(heard).toEqual(['now']), WAIT)
})

test('a server that dies in the middle fails the call at once; afterwards all goes on', async () => {
  const messages = Array.from({ length: 50_000 }, (_, i) => ({ subject: 'p.k', payload: `m${i}` }))
  const failing = expect(publisher.publishAll(messages)).rejects.toMatchObject(unavailable)
  servers.processes.nats.kill('SIGKILL')
  await failing
  await vi.waitFor(() => publisher.publishAll([{ subject: 'p.k', payload: 'again' }]), WAIT)
})
