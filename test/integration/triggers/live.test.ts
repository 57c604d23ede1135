import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { AckedGateway } from '../../support/acked-gateway.ts'
import { FencedGateway } from '../../support/fenced-gateway.ts'
import { Recorder } from '../../support/recorder.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'
import { TestHost } from '../faas/host.ts'

vi.setConfig({ testTimeout: 240_000 })
const WAIT = { timeout: 90_000, interval: 50 }
const SLOTS = 8
const PAUSE_MS = 10

let servers: TestServers
let nats: Nats
const started: TriggerProcess[] = []

beforeAll(async () => {
  servers = await startServers({ nats: true })
  nats = connectNats(servers.urls, 'test')
  await nats.there()
})
afterAll(async () => {
  await nats?.close()
  await servers?.stop()
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill()
  await (await jetstreamManager(await nats.connection)).streams.purge('KV_trade2026')
})

async function start(id: string, gatewayUrl: string): Promise<TriggerProcess> {
  const one = await startTrigger(id, { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: gatewayUrl })
  started.push(one)
  return one
}

/** Publishes some thousand messages a second until it is stopped. @returns how to stop it, which gives the number of messages. */
function load(subject: string): () => Promise<number> {
  const publisher = natsPublisher(nats)
  let goesOn = true
  const run = async () => {
    let last = 0
    for (; goesOn; last += 50) {
      await publisher.publishAll(
        Array.from({ length: 50 }, (_, i) => ({ subject: `${subject}.S${(last + i) % 20}`, payload: `m${last + i + 1}` })),
      )
      await pause(PAUSE_MS)
    }
    return last
  }
  const running = run()
  return () => {
    goesOn = false
    return running
  }
}

/** Waits until every process has followed a change: each ends what it ran, and begins the new one where there is one. */
function heardBy(triggers: readonly TriggerProcess[]): (isThere: boolean) => Promise<void> {
  let [begun, ended] = [0, 0]
  let wasThere = false
  const all = (text: string) => triggers.map(({ lines }) => lines.filter(({ msg }) => msg === text).length)
  return async (isThere) => {
    if (wasThere) ended++
    if (isThere) begun++
    wasThere = isThere
    await vi.waitFor(() => {
      expect(all('a trigger begins')).toEqual(triggers.map(() => begun))
      expect(all('a trigger ended')).toEqual(triggers.map(() => ended))
    }, WAIT)
  }
}

test('a stream under load, its function added, changed, removed and added again: each message is applied once, in order', async () => {
  const spec = { name: 'LIVE', subjects: ['LIVE.>'], slots: SLOTS, maxAgeMs: 0, maxBytes: 256 * 1024 * 1024, duplicateWindowMs: 120_000 }
  await applyStreams(await nats.connection, [spec, STREAMS.DLQ])
  const gateway = new FencedGateway(SLOTS)
  const base = { 'trigger.stream': spec.name, 'trigger.delivery': 'positioned', 'trigger.quiet': 'false' }
  const goOn = async () => {
    const before = gateway.applied.length
    await vi.waitFor(() => expect(gateway.applied.length).toBeGreaterThan(before + 500), WAIT)
  }
  try {
    gateway.annotations = undefined
    const url = await gateway.listen()
    const triggers = await Promise.all([start('one', url), start('two', url)])
    const heard = heardBy(triggers)
    const stop = load('LIVE.x')
    for (const annotations of [
      { ...base, 'trigger.batch': '100' },
      { ...base, 'trigger.batch': '7', 'trigger.readers': '2' },
      undefined,
      { ...base, 'trigger.batch': '500', 'trigger.readers': '4', 'trigger.wait-ms': '5' },
      undefined,
      { ...base, 'trigger.batch': '50' },
    ]) {
      gateway.annotations = annotations
      await heard(annotations !== undefined)
      if (annotations) await goOn()
    }
    const count = await stop()
    await vi.waitFor(() => expect(gateway.applied.length).toBeGreaterThanOrEqual(count), WAIT)
    expect(gateway.texts).toEqual(Array.from({ length: count }, (_, i) => `m${i + 1}`))
  } finally {
    gateway.close()
  }
})

test('an acked trigger under load, its function added, changed, removed and added again: no message is lost', async () => {
  const spec = {
    name: 'LIVE_ACKED',
    subjects: ['LIVE_ACKED.>'],
    slots: 1,
    maxAgeMs: 0,
    maxBytes: 256 * 1024 * 1024,
    duplicateWindowMs: 120_000,
  }
  await applyStreams(await nats.connection, [spec, STREAMS.DLQ])
  const gateway = new AckedGateway()
  const base = { 'trigger.stream': spec.name, 'trigger.delivery': 'acked', 'trigger.ack-wait-ms': '2000' }
  try {
    gateway.annotations = {}
    const url = await gateway.listen()
    const triggers = await Promise.all([start('one', url), start('two', url)])
    const heard = heardBy(triggers)
    const stop = load('LIVE_ACKED.x')
    const changes: Record<string, string>[] = [
      { ...base, 'trigger.batch': '100' },
      { ...base, 'trigger.batch': '20', 'trigger.concurrency': '3' },
      {},
      { ...base, 'trigger.order': 'subject' },
    ]
    for (const annotations of changes) {
      gateway.annotations = annotations
      const isThere = Object.keys(annotations).length > 0
      await heard(isThere)
      const taken = gateway.done.length
      if (isThere) await vi.waitFor(() => expect(gateway.done.length).toBeGreaterThan(taken + 500), WAIT)
    }
    const count = await stop()
    await vi.waitFor(() => expect(new Set(gateway.done.map(({ sequence }) => sequence)).size).toBe(count), WAIT)
    expect(gateway.texts).toEqual(Array.from({ length: count }, (_, i) => `m${i + 1}`))
  } finally {
    gateway.close()
  }
})

test('a schedule of every second, its function added, its code, policies and replicas changed, removed and added again: no instant is lost, none doubled', async () => {
  const host = await TestHost.start({ basic_auth: 'false' })
  try {
    const recorder = new Recorder(host, 'f')
    const schedule = { 'trigger.schedule': '* * * * * *', 'trigger.missed': 'all', 'trigger.overlap': 'wait' }
    const goOn = async () => {
      const before = recorder.begun().length
      await vi.waitFor(() => expect(recorder.begun().length).toBeGreaterThan(before + 2), WAIT)
    }
    await Promise.all([start('one', host.url), start('two', host.url)])
    await recorder.deploy(schedule, { VERSION: '1' })
    await goOn()
    // A call under way ends where it began; what comes after runs the new code.
    recorder.hold()
    await vi.waitFor(() => expect(recorder.all().at(-1)).toMatchObject({ what: 'begun' }), WAIT)
    const underWay = recorder.all().at(-1)!
    await recorder.deploy({ ...schedule, 'trigger.overlap': 'allow' }, { VERSION: '2' })
    recorder.release()
    await vi.waitFor(
      () => expect(recorder.all()).toContainEqual(expect.objectContaining({ what: 'ended', key: underWay.key, version: '1' })),
      WAIT,
    )
    await vi.waitFor(() => expect(recorder.all().at(-1)).toMatchObject({ version: '2' }), WAIT)
    await goOn()
    await recorder.remove()
    await vi.waitFor(() => expect(started.every(({ lines }) => lines.some(({ msg }) => msg === 'a schedule ended'))).toBe(true), WAIT)
    await recorder.deploy(schedule, { VERSION: '3' })
    await goOn()

    const calls = recorder.begun()
    const versions = calls.map(({ version }) => version)
    expect(versions).toEqual([...versions].sort())
    const seconds = calls.map(({ headers }) => Date.parse(headers['x-scheduled-time']!) / 1000).sort((a, b) => a - b)
    expect(seconds).toEqual(seconds.map((_, i) => seconds[0]! + i))
  } finally {
    await host.remove()
  }
})
