import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { CONTROL_BUCKET, STREAMS } from '../../../shared/contract/streams.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import { watchBrake } from '../../../triggers/sources/brake-watch.ts'
import { type Pumped, pump } from '../../../triggers/sources/pump.ts'
import type { SourceTick } from '../../../triggers/sources/source.ts'
import { TickPublisher } from '../../../triggers/sources/tick-publisher.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

const STREAM = STREAMS.MARKET_TICKS.name
let servers: TestServers
let nats: Nats
let nc: NatsConnection

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  nc = await nats.connection
})
afterAll(async () => {
  await nats?.close()
  await servers?.stop()
})
beforeEach(async () => {
  const manager = await jetstreamManager(nc)
  for (const name of [STREAM, `KV_${CONTROL_BUCKET}`]) await manager.streams.delete(name).catch(() => {})
  await applyStreams(nc)
})

const info = async () => (await jetstreamManager(nc)).streams.info(STREAM)

/** Everything the stream holds, as it is, by subject. */
async function stored(): Promise<Map<string, string[]>> {
  const { state } = await info()
  const texts = new Map<string, string[]>()
  if (state.messages === 0) return texts
  const consumer = await jetstream(nc).consumers.get(STREAM)
  for await (const message of await consumer.consume({ max_messages: 10_000 })) {
    const list = texts.get(message.subject) ?? []
    texts.set(message.subject, list)
    list.push(message.string())
    if (message.info.pending === 0) break
  }
  return texts
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `{"trade_id":${i}}`)

async function publish(
  publisher: TickPublisher,
  subject: string,
  texts: readonly string[],
  at: (i: number) => void = () => {},
): Promise<void> {
  for (const [i, text] of texts.entries()) {
    at(i)
    await publisher.send(subject, text)
  }
  await publisher.settle()
}

/** Waits until it holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('nothing is lost or overtaken when the server is killed in mid-publish, three times', async () => {
  const publisher = new TickPublisher(nc)
  const texts = numbers(120_000)
  const kills = new Set([20_011, 50_000, 90_123])

  await publish(publisher, 'ticks.x.A', texts, (i) => {
    if (!kills.has(i)) return
    publisher.push()
    servers.processes.nats.kill('SIGKILL')
  })
  publisher.close()

  const found = (await stored()).get('ticks.x.A')!
  expect(publisher.stored).toBe(texts.length)
  expect([...new Set(found)]).toEqual(texts)
  expect(found.length - texts.length).toBeLessThanOrEqual(publisher.resent)
})

test('two publishers at once, one of them losing its connection, each store all of theirs in order', async () => {
  const other = connectNats(servers.urls, 'other')
  const [a, b] = [new TickPublisher(nc), new TickPublisher(await other.connection)]
  const texts = numbers(60_000)

  const cut = (i: number) => void (i === 30_000 && other.now()?.reconnect())
  await Promise.all([publish(a, 'ticks.x.A', texts), publish(b, 'ticks.x.B', texts, cut)])
  a.close()
  b.close()
  await other.close()

  const found = await stored()
  expect(found.get('ticks.x.A')).toEqual(texts)
  expect([...new Set(found.get('ticks.x.B'))]).toEqual(texts)
})

test('settling again and again stores each message once', async () => {
  const publisher = new TickPublisher(nc, { windowMessages: 300 })
  const texts = numbers(2_100)
  for (let i = 0; i < texts.length; i += 7) await publish(publisher, 'ticks.x.A', texts.slice(i, i + 7))
  await publisher.settle()
  publisher.close()

  expect((await stored()).get('ticks.x.A')).toEqual(texts)
  expect(publisher.resent).toBe(0)
})

test('a stream that is made later gets everything; one without batches is refused with its reason', async () => {
  const manager = await jetstreamManager(nc)
  await manager.streams.delete(STREAM)
  const publisher = new TickPublisher(nc)
  const publishing = publish(publisher, 'ticks.x.A', numbers(10))
  await until(() => publisher.trouble === 'no stream takes the subject')
  await applyStreams(nc)
  await publishing
  publisher.close()
  expect((await stored()).get('ticks.x.A')).toEqual(numbers(10))

  await manager.streams.add({ name: 'plain', subjects: ['plain.>'] })
  const refused = new TickPublisher(nc)
  await expect(publish(refused, 'plain.x', numbers(10))).rejects.toThrow(/not enabled|disabled/)
  refused.close()
  await manager.streams.delete('plain')
})

const LIMITS = { maxLag: 1_000, maxFill: 0.8, silentMs: 600_000 }

/** Pumps `count` ticks as fast as it goes. */
async function pumping(count: number, limits = LIMITS) {
  const brake = await watchBrake(nc, STREAM, limits, 20)
  const publisher = new TickPublisher(nc)
  const stop = new AbortController()
  const pumped: Pumped = { ticks: 0, messages: 0, firstMs: undefined, lastMs: undefined }
  const ticks = numbers(count).map((line, i): SourceTick => ({ atMs: i, timestamp: i, subject: 'ticks.x.A', line }))
  // A chunk a turn of the event loop, so that the brake can see them pass.
  const source = async function* () {
    for (let i = 0; i < count; i += 100) {
      yield ticks.slice(i, i + 100)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  const schedule = () => () => Number.NEGATIVE_INFINITY
  const done = pump(source(), publisher, { schedule, burst: 1, brake, signal: stop.signal, pumped })
  const close = () => {
    brake.close()
    publisher.close()
  }
  return { brake, pumped, stop, done, close }
}

test('the feed waits for a reader that stands still, and goes on as that goes on', async () => {
  const bucket = await new Kvm(nc).open(CONTROL_BUCKET)
  const read = async (sequence: number) => bucket.put('progress.bars.0-of-1', JSON.stringify({ version: versionOf(1, sequence), lag: 0 }))
  await bucket.put(`begin.bars.${STREAM}`, JSON.stringify({ epoch: 1, seq: 0 }))
  await read(0)
  const run = await pumping(30_000)
  await until(() => run.brake.reason !== undefined)
  await until(async () => (await info()).state.messages === run.pumped.ticks)
  expect(run.brake.reason).toMatch(/progress\.bars\.0-of-1 is \d+ messages behind/)
  expect(run.pumped.ticks).toBeLessThan(30_000)

  let ended = false
  const reading = (async () => {
    while (!ended) await read((await info()).state.last_seq)
  })()
  await run.done
  ended = true
  await reading
  run.close()
  expect((await info()).state.messages).toBe(30_000)
})

test('a reader of another stream holds the feed by what it says', async () => {
  const bucket = await new Kvm(nc).open(CONTROL_BUCKET)
  await bucket.put('progress.table.0-of-1', JSON.stringify({ version: versionOf(1, 1), lag: 1_001 }))
  const brake = await watchBrake(nc, STREAM, LIMITS, 20)
  expect(brake.reason).toBe('progress.table.0-of-1 is 1001 messages behind')

  const held = brake.held()
  await bucket.put('progress.table.0-of-1', JSON.stringify({ version: versionOf(1, 1), lag: 1_000 }))
  await held
  expect(brake.reason).toBeUndefined()
  brake.close()
})

test('the feed stops before unread messages fill the stream, and ends cleanly when told to', async () => {
  const manager = await jetstreamManager(nc)
  const { config } = await manager.streams.info(STREAM)
  // All of them would fit, however late the brake looks.
  await manager.streams.update(STREAM, { ...config, max_bytes: 10_000_000 })
  const run = await pumping(60_000, { ...LIMITS, maxFill: 0.1 })
  await until(() => run.brake.reason !== undefined)
  run.stop.abort()
  await run.done
  run.close()

  const { state } = await info()
  expect(run.brake.reason).toMatch(/% of the stream's room is unread by nobody/)
  expect(state.first_seq).toBe(1)
  expect(state.messages).toBe(run.pumped.ticks)
  expect(state.messages).toBeLessThan(60_000)
})
