import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { type Control, type ControlKeys, natsControl } from '../../../shared/adapters/nats/control.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { AckedGateway } from '../../support/acked-gateway.ts'
import { FencedGateway } from '../../support/fenced-gateway.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'

const WAIT = { timeout: 30_000, interval: 50 }
const SPEC = { name: 'T', subjects: ['T.>'], slots: 2, maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, duplicateWindowMs: 120_000 }
const TRIGGER = { 'trigger.stream': 'T', 'trigger.delivery': 'positioned' }

let servers: TestServers
let nats: Nats
let control: Control & ControlKeys
let trigger: TriggerProcess
let urls: { NATS_URL: string; GATEWAY_URL: string }
const gateway = new FencedGateway(SPEC.slots)

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  control = natsControl(nats)
  await applyStreams(await nats.connection, [SPEC])
  gateway.annotations = TRIGGER
  urls = { ...servers.urls, GATEWAY_URL: await gateway.listen() }
  trigger = await startTrigger('trigger-0', urls)
})
afterEach(() => {
  gateway.annotations = TRIGGER
})
afterAll(async () => {
  await trigger?.kill()
  gateway.close()
  await nats?.close()
  await servers?.stop()
})

let published = 0
const publishAndApply = async () => {
  const payload = `m${++published}`
  await natsPublisher(nats).publishAll([{ subject: 'T.x.S', payload }])
  await vi.waitFor(() => expect(gateway.texts.at(-1)).toBe(payload), WAIT)
  await vi.waitFor(async () => expect(await kept()).toEqual(['lease.f.0-of-1', 'progress.f.0-of-1']), WAIT)
}
const kept = async () => (await control.keys(['lease.>', 'progress.>'])).sort()
const nothingKept = () => vi.waitFor(async () => expect(await kept()).toEqual([]), WAIT)

test('a function that is removed is no reader any more; deployed again it goes on where it stood, from the same beginning', async () => {
  await publishAndApply()
  const begin = await control.get('begin.f.T')

  gateway.annotations = {}
  await nothingKept()
  gateway.annotations = TRIGGER
  await publishAndApply()

  expect(gateway.texts).toEqual(['m1', 'm2'])
  expect(await control.get('begin.f.T')).toEqual(begin)
})

test('a function that was removed while no trigger ran is forgotten by the next one', async () => {
  await publishAndApply()
  await trigger.kill()
  gateway.annotations = {}

  trigger = await startTrigger('trigger-0', urls)

  await nothingKept()
})

test('an acked function that is gone for long leaves no consumer behind; deployed again it begins anew', async () => {
  const acked = new AckedGateway()
  const annotations = { 'trigger.stream': 'T', 'trigger.delivery': 'acked', 'trigger.subjects': 'T.acked' }
  acked.annotations = annotations
  const settings = { ...servers.urls, GATEWAY_URL: await acked.listen(), TRIGGER_FORGET_AFTER_MS: '1' }
  const own = await startTrigger('trigger-acked', settings)
  const manager = await jetstreamManager(await nats.connection)
  const consumers = async () =>
    (await manager.consumers.list('T').next()).map(({ name }) => name).filter((name) => name.startsWith('acked-'))
  const left = () => control.keys(['acked.>', 'missed.>'])
  const published = natsPublisher(nats).publishAll([{ subject: 'T.acked', payload: 'a' }])
  await vi.waitFor(() => expect(acked.texts).toEqual(['a']), WAIT)
  await vi.waitFor(async () => expect([await consumers(), await left()]).toEqual([['acked-f'], ['acked.f.T']]), WAIT)

  acked.annotations = {}
  await vi.waitFor(async () => expect([await consumers(), await left()]).toEqual([[], []]), WAIT)
  acked.annotations = annotations

  await vi.waitFor(() => expect(acked.done.length).toBe(2), WAIT)
  await published
  await own.stop()
  acked.close()
})
