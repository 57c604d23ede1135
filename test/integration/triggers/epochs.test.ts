import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../../shared/adapters/nats/control.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { CONTROL_BUCKET, type StreamSpec } from '../../../shared/contract/streams.ts'
import { epochOf } from '../../../shared/domain/version.ts'
import type { Epochs } from '../../../triggers/positioned/epochs.ts'
import { FencedGateway } from '../../support/fenced-gateway.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'

const WAIT = { timeout: 30_000, interval: 20 }
const spec: StreamSpec = { name: 'E', subjects: ['e.>'], slots: 4, maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, duplicateWindowMs: 120_000 }

let servers: TestServers
let nats: Nats
let gateway: FencedGateway
let urls: { NATS_URL: string; GATEWAY_URL: string }
let trigger: TriggerProcess | undefined

beforeEach(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  await nats.there()
  await applyStreams(await nats.connection, [spec])
  gateway = new FencedGateway(spec.slots)
  gateway.annotations = { 'trigger.stream': spec.name, 'trigger.delivery': 'positioned' }
  urls = { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: await gateway.listen() }
})
afterEach(async () => {
  await trigger?.kill()
  gateway.close()
  await nats.close()
  await servers.stop()
})

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`)
const publish = (from: number, to: number) =>
  vi.waitFor(
    () => natsPublisher(nats).publishAll(numbers(from, to).map((payload, i) => ({ subject: `e.x.S${(from + i) % 8}`, payload }))),
    WAIT,
  )
const applied = (expected: string[]) => vi.waitFor(() => expect(gateway.texts).toEqual(expected), WAIT)
const manager = async () => jetstreamManager(await nats.connection)
const known = async () => (await natsControl(nats).get<Epochs>(`epoch.${spec.name}`))!.value.entries
const saved = () => join(servers.folder, 'saved')

/** Stops the server, does something to its files, and starts it again. */
async function offline(work: () => Promise<void>): Promise<void> {
  await servers.processes.nats.stop()
  await work()
  await servers.processes.nats.start()
  await nats.there()
}
const data = () => join(servers.folder, 'nats')
const save = () => offline(() => cp(data(), saved(), { recursive: true }))
const restore = () =>
  offline(async () => {
    await rm(data(), { recursive: true })
    await cp(saved(), data(), { recursive: true })
  })

test.each(['while it runs', 'while it is down'])('a stream re-created %s begins a new epoch, with an alarm', async (when) => {
  await publish(1, 50)
  trigger = await startTrigger('trigger-0', urls)
  await applied(numbers(1, 50))
  if (when === 'while it is down') await trigger.stop()
  await (await manager()).streams.delete(spec.name)
  await applyStreams(await nats.connection, [spec])
  await publish(51, 60)
  if (when === 'while it is down') trigger = await startTrigger('trigger-0', urls)
  await applied(numbers(1, 60))
  expect(await known()).toEqual([{ epoch: 2, from: 1 }])
  expect(gateway.applied.map(({ version }) => epochOf(version)).filter((epoch) => epoch === 2).length).toBe(10)
  expect(await trigger.metrics()).toMatch(/trigger_epoch_alarms_total\{stream="E".*\} 1/)
  await publish(61, 70)
  await applied(numbers(1, 70))
})

test.each(['while it runs', 'while it is down'])('a stream whose tail was cut %s goes on in a new epoch from there', async (when) => {
  await publish(1, 50)
  await save()
  await publish(51, 80)
  trigger = await startTrigger('trigger-0', urls)
  await applied(numbers(1, 80))
  if (when === 'while it is down') await trigger.stop()
  await restore()
  await publish(81, 120)
  if (when === 'while it is down') trigger = await startTrigger('trigger-0', urls)
  await applied(numbers(1, 120))
  expect(await known()).toEqual([
    { epoch: 1, from: 1 },
    { epoch: 2, from: 51 },
  ])
})

test('where a tail was cut, slots that had read less go on in the old epoch first', async () => {
  await publish(1, 30)
  trigger = await startTrigger('trigger-0', urls)
  await applied(numbers(1, 30))
  const before = new Map(gateway.slots)
  await publish(31, 50)
  await applied(numbers(1, 50))
  await save()
  await publish(51, 60)
  await applied(numbers(1, 60))
  // Two slots fall back to a place that the stream still has.
  await trigger.stop()
  for (const slot of [0, 1]) gateway.slots.set(slot, before.get(slot)!)
  await restore()
  await publish(61, 90)
  trigger = await startTrigger('trigger-0', urls)
  const all = numbers(1, 90)
  await vi.waitFor(() => expect(gateway.texts.at(-1)).toBe('m90'), WAIT)
  await vi.waitFor(() => expect(new Set([...gateway.slots.values()].map(({ position }) => position.version)).size).toBe(1), WAIT)
  const missing = all.filter((text) => !gateway.texts.includes(text))
  // Only what the cut took from those two slots is lost.
  expect(missing.every((text) => Number(text.slice(1)) > 50 && Number(text.slice(1)) <= 60)).toBe(true)
  expect(new Set(gateway.texts).size).toBe(gateway.texts.length)
})

test('a stream restored whole, or a control bucket that is lost, begins no new epoch', async () => {
  await publish(1, 50)
  trigger = await startTrigger('trigger-0', urls)
  await applied(numbers(1, 50))
  await trigger.stop()
  await save()
  await restore()
  await (await manager()).streams.delete(`KV_${CONTROL_BUCKET}`)
  await applyStreams(await nats.connection, [spec])
  trigger = await startTrigger('trigger-0', urls)
  await publish(51, 60)
  await applied(numbers(1, 60))
  expect(await known()).toEqual([{ epoch: 1, from: 1 }])
})
