import { join } from 'node:path'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { buildAll } from '../../../infra/build/bundle.ts'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats, type Nats } from '../../../shared/adapters/nats/connect.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { TestHost } from '../../integration/faas/host.ts'
import { beforeEnd } from '../../support/before-end.ts'
import { bundleFunction } from '../../support/bundle.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { startTrigger, type TriggerProcess } from '../../support/trigger-process.ts'

export const STREAM = 'CHAOS'
const SPEC = { name: STREAM, subjects: ['chaos.>'], slots: 1, maxAgeMs: 0, maxBytes: 1024 ** 3, duplicateWindowMs: 120_000 }
/** What a killed trigger process had in hand is taken over soon, so that a short run sees it often. */
const COMMON = { 'trigger.stream': STREAM, 'trigger.delivery': 'acked', 'trigger.ack-wait-ms': '3000' }

/** The functions of the run: each takes every message, in a way of its own. */
export const FUNCTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  batches: { ...COMMON, 'trigger.batch': '50' },
  ordered: { ...COMMON, 'trigger.batch': '50', 'trigger.order': 'subject' },
  messages: { ...COMMON, 'trigger.form': 'message' },
}
/** A function where order is kept by subject. */
export const ORDERED = 'ordered'

/** Everything that an acked message passes through, as processes of their own. */
export type AckedWorld = {
  readonly servers: TestServers
  readonly nats: Nats
  readonly manager: JetStreamManager
  readonly host: TestHost
  readonly triggers: TriggerProcess[]
  /** Where a function writes down what it takes. */
  takenBy(functionName: string): string
  /** Starts the trigger process of this number, in place of one that is gone. */
  startTrigger(number: number): Promise<void>
  stop(): Promise<void>
}

const TRIGGERS = 2

/** Starts all of it; what fails, and a signal that ends this process, ends what was started first. */
export async function startWorld(): Promise<AckedWorld> {
  const ends: (() => unknown)[] = []
  const stop = async () => {
    goOn()
    for (const end of ends.splice(0).reverse()) await end()
  }
  const goOn = beforeEnd(stop)
  return start(ends, stop).catch(async (error: unknown) => {
    await stop()
    throw error
  })
}

async function start(ends: (() => unknown)[], stop: () => Promise<void>): Promise<AckedWorld> {
  await buildAll()
  const servers = await startServers({ nats: true })
  ends.push(() => servers.stop())
  const nats = connectNats(servers.urls, 'chaos')
  ends.push(() => nats.close())
  await applyStreams(await nats.connection, [SPEC, STREAMS.DLQ])
  const host = await TestHost.start({ NATS_URL: servers.urls.NATS_URL })
  ends.push(() => host.remove())
  const takenBy = (functionName: string) => join(host.folder, `${functionName}.taken`)
  await bundleFunction(join(import.meta.dirname, 'taker.ts'), join(host.folder, 'dist/functions/taker/index.js'))
  for (const [service, annotations] of Object.entries(FUNCTIONS)) {
    const labels = { 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '2' }
    const envVars = { TAKEN_FILE: takenBy(service), LOG_LEVEL: 'silent' }
    await host.deploy(service, { image: 'local/taker:dev', annotations, labels, envVars })
  }
  const triggers: TriggerProcess[] = []
  ends.push(() => Promise.all(triggers.map((trigger) => trigger.stop())))
  const world: AckedWorld = {
    servers,
    nats,
    manager: await jetstreamManager(await nats.connection),
    host,
    triggers,
    takenBy,
    async startTrigger(number) {
      const urls = { NATS_URL: servers.urls.NATS_URL, GATEWAY_URL: host.url }
      triggers[number] = await startTrigger(`trigger-${number}`, urls, { user: 'admin', password: 'secret word' })
    },
    stop,
  }
  for (let i = 0; i < TRIGGERS; i++) await world.startTrigger(i)
  return world
}
