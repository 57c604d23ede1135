import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { AckedGateway, type Got } from '../../support/acked-gateway.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'

const WAIT = { timeout: 50_000, interval: 50 }

let servers: TestServers
let nats: Nats
let publisher: Publisher
let stream: string
let gateway: AckedGateway
let urls: { NATS_URL: string; GATEWAY_URL: string }
const started: TriggerProcess[] = []
let streams = 0

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  await nats.there()
  publisher = natsPublisher(nats)
})
afterAll(async () => {
  await nats.close()
  await servers.stop()
})
beforeEach(async () => {
  stream = `K${++streams}`
  const spec = { name: stream, subjects: [`${stream}.>`], slots: 1, maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, duplicateWindowMs: 120_000 }
  await applyStreams(await nats.connection, [spec, STREAMS.DLQ])
  gateway = new AckedGateway()
  gateway.annotations = {
    'trigger.stream': stream,
    'trigger.delivery': 'acked',
    'trigger.batch': '20',
    'trigger.concurrency': '3',
    'trigger.ack-wait-ms': '2000',
    'trigger.max-attempts': '4',
    'trigger.backoff-most-ms': '500',
  }
  urls = { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: await gateway.listen() }
  const manager = await jetstreamManager(await nats.connection)
  await manager.streams.purge('KV_trade2026')
  await manager.streams.purge(STREAMS.DLQ.name)
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill()
  gateway.close()
})

async function start(id: string): Promise<TriggerProcess> {
  const one = await startTrigger(id, urls)
  started.push(one)
  return one
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`)
/** Again until it is stored: the stream drops the second copy. */
const publish = (from: number, to: number) =>
  vi.waitFor(
    () => publisher.publishAll(numbers(from, to).map((payload) => ({ subject: `${stream}.x.S${Number(payload.slice(1)) % 10}`, payload, msgId: payload }))), // biome-ignore format: one line
    WAIT,
  )
const settled = () =>
  vi.waitFor(async () => {
    const manager = await jetstreamManager(await nats.connection)
    expect(await manager.consumers.info(stream, 'acked-f')).toMatchObject({ num_pending: 0, num_ack_pending: 0 })
  }, WAIT)
const buried = async (): Promise<number> =>
  (await (await jetstreamManager(await nats.connection)).streams.info(STREAMS.DLQ.name)).state.messages

/** Publishes up to 4000 messages while triggers, server and function die and come back, again and again. */
async function havoc(triggers: TriggerProcess[]): Promise<void> {
  let last = 0
  const more = async () => {
    await publish(last + 1, last + 400)
    last += 400
  }
  for (let round = 0; round < 5; round++) {
    await more()
    const before = gateway.done.length
    await vi.waitFor(() => expect(gateway.done.length).toBeGreaterThan(before + 60), WAIT)
    const one = triggers[round % triggers.length]!
    await one.kill()
    await more()
    if (round % 2 === 0) servers.processes.nats.kill('SIGKILL')
    triggers[round % triggers.length] = await start(`trigger-${round % triggers.length}`)
  }
}

/** Refuses some, fails on others, breaks calls off now and then, and turns callers away. */
const moods = () => {
  let calls = 0
  return ({ items }: { readonly items: readonly Got[] }) => {
    calls++
    if (calls % 17 === 0) return 'break' as const
    if (calls % 23 === 0) return { status: 503 }
    const failed = items.flatMap(({ text }, index) => {
      const number = Number(text.slice(1))
      if (number % 500 === 0) return [{ index, code: 'NEVER', retry: false }]
      if (number % 777 === 0) return [{ index, code: 'BROKEN', retry: true }]
      return []
    })
    return { delayMs: 3, body: JSON.stringify({ failed }) }
  }
}
const isPoison = (text: string) => Number(text.slice(1)) % 500 === 0 || Number(text.slice(1)) % 777 === 0

test('two processes, killed in turns with the server: no message is neither settled nor in the dead letters', async () => {
  gateway.answer = moods()
  await havoc([await start('trigger-0'), await start('trigger-1')])
  await settled()
  const poison = numbers(1, 4000).filter(isPoison)
  expect(gateway.texts).toEqual(numbers(1, 4000).filter((text) => !poison.includes(text)))
  expect(await buried()).toBe(poison.length)
})

test('where order is kept, it is kept whoever dies: no message of a key is taken before those before it', async () => {
  Object.assign(gateway.annotations, { 'trigger.order': 'subject' })
  const mood = moods()
  gateway.answer = (call) => {
    const said = mood(call)
    if (typeof said === 'string' || !said.body) return said
    // As a function that keeps order does: the first that has to come again ends its key.
    const { failed } = JSON.parse(said.body) as { failed: { index: number; retry: boolean }[] }
    const ended = new Map<string, number>()
    for (const { index, retry } of failed) if (retry) ended.set(call.items[index]!.subject, index)
    const later = call.items.flatMap(({ subject }, index) => (index > (ended.get(subject) ?? Number.POSITIVE_INFINITY) ? [{ index, code: 'ERR_UNAVAILABLE', retry: true }] : [])) // biome-ignore format: one line
    const all = new Map([...later, ...failed].map((one) => [one.index, one]))
    return { ...said, body: JSON.stringify({ failed: [...all.values()] }) }
  }
  await havoc([await start('trigger-0'), await start('trigger-1')])
  await settled()
  const poison = numbers(1, 4000).filter(isPoison)
  expect(gateway.texts).toEqual(numbers(1, 4000).filter((text) => !poison.includes(text)))
  const bySubject = Map.groupBy(gateway.done, ({ subject }) => subject)
  for (const all of bySubject.values()) {
    const firsts = [...new Set(all.map(({ sequence }) => sequence))]
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
  }
})
