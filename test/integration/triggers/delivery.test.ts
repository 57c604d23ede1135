import { readFileSync } from 'node:fs'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { lineOf } from '../../../shared/contract/framing.ts'
import type { StreamSpec } from '../../../shared/contract/streams.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { parseTraceparent } from '../../../shared/contract/traceparent.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { FencedGateway } from '../../support/fenced-gateway.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'

const SLOTS = 8
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const WAIT = { timeout: 30_000, interval: 20 }

let servers: TestServers
let nats: Nats
let publisher: Publisher
let spec: StreamSpec
let gateway: FencedGateway
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
  const name = `T${++streams}`
  spec = { name, subjects: [`${name}.>`], slots: SLOTS, maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, duplicateWindowMs: 120_000 }
  await applyStreams(await nats.connection, [spec, STREAMS.DLQ])
  gateway = new FencedGateway(SLOTS)
  gateway.annotations = { 'trigger.stream': name, 'trigger.delivery': 'positioned', 'trigger.batch': '50' }
  urls = { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: await gateway.listen() }
  await forget()
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill()
  gateway.close()
})

/** What the processes of the test before wrote of the function `f`. */
async function forget(): Promise<void> {
  const manager = await jetstreamManager(await nats.connection)
  await manager.streams.purge('KV_trade2026')
  await manager.streams.purge(STREAMS.DLQ.name)
}

async function start(id = 'trigger-0'): Promise<TriggerProcess> {
  const one = await startTrigger(id, urls)
  started.push(one)
  return one
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`)
const publish = (from: number, to: number) =>
  publisher.publishAll(numbers(from, to).map((payload, i) => ({ subject: `${spec.name}.x.S${(from + i) % 20}`, payload })))
const applied = (expected: string[]) => vi.waitFor(() => expect(gateway.texts).toEqual(expected), WAIT)

test('a stream is delivered in order, each message once, and what comes later as well', async () => {
  await publish(1, 500)
  const trigger = await start()
  await applied(numbers(1, 500))
  await publish(501, 510)
  await applied(numbers(1, 510))
  expect(gateway.conflicts).toBe(0)
  expect(await trigger.metrics()).toMatch(/trigger_messages_total\{function="f",lane="0-of-1",process="trigger-0"\} 510/)
  expect(await trigger.stop()).toBe(0)
})

test('at the head, quiet batches tell the time of the broker', async () => {
  await publish(1, 3)
  await start()
  const quiet = () => gateway.heads.filter(({ nowMs }) => nowMs !== undefined)
  await vi.waitFor(() => expect(quiet().length).toBeGreaterThan(1), WAIT)
  expect(quiet()[0]).toMatchObject({ count: 0, last: 3, epoch: 1 })
  expect(Math.abs(quiet()[0]!.nowMs! - Date.now())).toBeLessThan(30_000)
})

test('trigger and server killed again and again: nothing is lost and nothing applied twice', async () => {
  await publish(1, 2000)
  let trigger = await start()
  for (let kills = 1; kills <= 3; kills++) {
    await vi.waitFor(() => expect(gateway.applied.length).toBeGreaterThanOrEqual(kills * 400), WAIT)
    await trigger.kill()
    trigger = await start()
  }
  servers.processes.nats.kill('SIGKILL')
  await vi.waitFor(() => publish(2001, 2200), WAIT)
  await vi.waitFor(() => expect(gateway.texts.filter((text) => Number(text.slice(1)) <= 2000)).toEqual(numbers(1, 2000)), WAIT)
  await vi.waitFor(() => expect(new Set(gateway.texts).size).toBe(2200), WAIT)
})

test('a function that falls back is delivered again from where it stands', async () => {
  await publish(1, 300)
  await start()
  await applied(numbers(1, 300))
  const saved = new Map(gateway.slots)
  await publish(301, 400)
  await applied(numbers(1, 400))
  gateway.slots = saved
  await applied(numbers(1, 400))
  gateway.slots = new Map()
  await applied(numbers(1, 400))
})

test('two processes share the lanes; what the killed one held, the other takes over', async () => {
  gateway.annotations!['trigger.readers'] = '4'
  const first = await start('trigger-0')
  await publish(1, 100)
  await applied(numbers(1, 100))
  const second = await start('trigger-1')
  const taken = (one: TriggerProcess) => one.lines.filter(({ msg }) => msg === 'lane taken').length
  const given = (one: TriggerProcess) => one.lines.filter(({ msg }) => msg === 'lane given back').length
  await vi.waitFor(() => expect(taken(second)).toBe(2), WAIT)
  expect(taken(first) - given(first)).toBe(2)
  await publish(101, 200)
  await applied(numbers(1, 200))
  await first.kill()
  await publish(201, 300)
  await applied(numbers(1, 300))
  expect(taken(second)).toBe(4)
})

test('the number of readers changes under load', async () => {
  await start()
  let last = 0
  for (const readers of ['1', '4', '2']) {
    gateway.annotations = { ...gateway.annotations, 'trigger.readers': readers }
    for (let i = 0; i < 5; i++) {
      await publish(last + 1, last + 200)
      last += 200
    }
    const lanes = () => new Set(gateway.heads.slice(-20).map(({ slots }) => slots.length))
    await vi.waitFor(() => expect([...lanes()]).toContain(SLOTS / Number(readers)), WAIT)
  }
  await applied(numbers(1, last))
})

test('a full or absent function holds the stream up and blames no message', async () => {
  const refusals = [{ status: 503, headers: { 'retry-after': '0' } }, { status: 429 }, { status: 502 }, { status: 404 }]
  let calls = 0
  gateway.answer = () => refusals[calls++ >> 1]
  await publish(1, 20)
  await start()
  await applied(numbers(1, 20))
  expect(calls).toBeGreaterThan(8)
  const { state } = await (await jetstreamManager(await nats.connection)).streams.info(STREAMS.DLQ.name)
  expect(state.messages).toBe(0)
})

test('the one message that a function refuses is found, put into the dead letters with its own bytes, and passed', async () => {
  gateway.answer = (batch) => {
    for (let i = 0; i < batch.head.count; i++)
      if (Buffer.from(lineOf(batch, i)).includes('poison')) return { status: 422, body: 'no poison' }
    return undefined
  }
  await publish(1, 20)
  await publisher.publishAll([{ subject: `${spec.name}.x.S1`, payload: 'poi\nson poison', headers: { color: 'red', traceparent: TRACE } }])
  await publish(21, 40)
  const trigger = await start()
  await applied(numbers(1, 40))
  const manager = await jetstreamManager(await nats.connection)
  const letter = await manager.streams.getMessage(STREAMS.DLQ.name, { last_by_subj: 'dlq.f' })
  expect(letter!.string()).toBe('poi\nson poison')
  const headers = Object.fromEntries(
    ['Dlq-Code', 'Dlq-Seq', 'Dlq-Stream', 'Dlq-Error', 'Nats-Msg-Id', 'Dlq-Headers', 'traceparent'].map((key) => [
      key,
      letter!.header.get(key),
    ]),
  )
  expect(headers).toMatchObject({
    'Dlq-Code': 'FAILED',
    'Dlq-Seq': '21',
    'Dlq-Stream': spec.name,
    'Dlq-Error': '422: no poison',
    'Nats-Msg-Id': `f:${2 ** 40 + 21}`,
    traceparent: TRACE,
  })
  expect(headers['Dlq-Headers']).toContain('color: red')
  expect((await manager.streams.info(STREAMS.DLQ.name)).state.messages).toBe(1)
  expect(await trigger.metrics()).toMatch(/trigger_dead_letters_total\{.*\} 1/)
})

test('a call goes on in the trace of the last message that names one; other calls, and dead letters of such, have one of their own', async () => {
  const one = (payload: string, traceparent?: string) => ({
    subject: `${spec.name}.x.S1`,
    payload,
    headers: { color: 'red', ...(traceparent && { traceparent }) },
  })
  await publisher.publishAll([one('m1', TRACE.replaceAll('0', '1')), one('m2', TRACE), one('m3', 'nonsense'), one('m4')])
  await start()
  await applied(numbers(1, 4))
  // Usually all four come in one batch; on a busy machine the first ones may go ahead.
  const withSecond = gateway.heads.findIndex(({ last }) => last >= 2)
  expect(gateway.traceparents[withSecond]).toBe(TRACE)

  gateway.answer = ({ head }) => (head.count > 0 && head.last > 4 ? { status: 422 } : undefined)
  await publish(5, 5)
  const manager = await jetstreamManager(await nats.connection)
  const letter = () => manager.streams.getMessage(STREAMS.DLQ.name, { last_by_subj: 'dlq.f' })
  await vi.waitFor(async () => expect(await letter()).toBeTruthy(), WAIT)
  const refused = gateway.traceparents[gateway.heads.findIndex(({ count, last }) => count > 0 && last > 4)]
  expect((await letter())!.header.get('traceparent')).toBe(refused)
  const others = gateway.traceparents.filter((_, i) => i !== withSecond)
  expect(others.map(parseTraceparent)).toEqual(others)
  expect(new Set(others).size).toBe(others.length)
})

test.runIf(process.platform === 'linux')('far behind a function that takes nothing, the trigger holds little', async () => {
  const trigger = await start()
  await publish(1, 10)
  await applied(numbers(1, 10))
  const before = rssMiB(trigger)
  gateway.answer = () => ({ status: 503 })
  const payload = 'x'.repeat(400)
  for (let i = 0; i < 20; i++) await publisher.publishAll(Array.from({ length: 10_000 }, () => ({ subject: `${spec.name}.x.S1`, payload })))
  const lag = async () => Number(/trigger_lag_messages\{.*\} (\d+)/.exec(await trigger.metrics())?.[1])
  await vi.waitFor(async () => expect(await lag()).toBe(200_000), WAIT)
  // The stream holds 80 MB; what is not collected yet of what was read and thrown away counts too.
  expect(rssMiB(trigger) - before).toBeLessThan(40)
})

const rssMiB = ({ child }: TriggerProcess): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024

test('messages that the stream dropped before they were read are told, and the rest is delivered', async () => {
  await publish(1, 10)
  const trigger = await start()
  await applied(numbers(1, 10))
  await trigger.stop()
  await publish(11, 30)
  await (await jetstreamManager(await nats.connection)).streams.purge(spec.name, { seq: 21 })
  const again = await start()
  await applied([...numbers(1, 10), ...numbers(21, 30)])
  expect(await again.metrics()).toMatch(/trigger_purged_messages_total\{.*\} 10/)
})

test('a stream that is not there yet is told: nothing is read, in one plain line; it is read once it is there', async () => {
  const late = `${spec.name}-late`
  gateway.annotations = { ...gateway.annotations, 'trigger.stream': late, 'trigger.readers': '3' }
  const trigger = await start()
  const ready = async () => (await trigger.metrics()).match(/^trigger_lane_ready\{.*/gm)
  const told = () => trigger.lines.find(({ function: name, stream: missing }) => name === 'f' && missing === late)
  await vi.waitFor(() => expect(told()).toMatchObject({ msg: 'no reading yet: the stream is not there' }), WAIT)
  expect(told()).not.toHaveProperty('err')
  expect(await ready()).toEqual(['trigger_lane_ready{function="f",lane="0-of-3",process="trigger-0"} 0'])
  await applyStreams(await nats.connection, [{ ...spec, name: late, slots: 1, subjects: [`${late}.>`] }])
  await vi.waitFor(
    async () => expect(await ready()).toEqual(['trigger_lane_ready{function="f",lane="0-of-1",process="trigger-0"} 1']),
    WAIT,
  )
})
