import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream'
import { buildAll } from '../../../infra/build/bundle.ts'
import { endReplicas } from '../../../infra/faas/registry.ts'
import { FEW_THREADS, SHORT_PAUSES } from '../../../infra/stack/node-options.ts'
import { freePorts } from '../../../infra/stack/ports.ts'
import { StackProcess } from '../../../infra/stack/process.ts'
import { NODE } from '../../../infra/stack/programs.ts'
import { GATEWAY_USER, gatewayPassword, secretsFolder } from '../../../infra/stack/secrets.ts'
import { answers } from '../../../infra/stack/services/http.ts'
import { ROOT } from '../../../infra/stack/settings.ts'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { beforeEnd } from '../../support/before-end.ts'
import { bundleFunction } from '../../support/bundle.ts'
import { startServers } from '../../support/servers.ts'
import { childrenOf } from '../usage.ts'

const FUNCTION = 'no-op'
export const MAIN = join(ROOT, 'infra/cli/main.ts')
export const STREAM = 'BENCH'
const SPEC = { name: STREAM, subjects: ['bench.>'], slots: 1, maxAgeMs: 0, maxBytes: 2 * 1024 ** 3, duplicateWindowMs: 120_000 }

/** NATS, the gateway with a function that does nothing, and a trigger process: what an acked message passes through. */
export async function startRig(profiles?: string) {
  const profile = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profiles)}`]
  const servers = await startServers({ nats: true })
  const data = servers.folder
  const dist = join(data, 'dist')
  await buildAll({ dist })
  await bundleFunction(join(import.meta.dirname, 'no-op.ts'), join(dist, 'functions', FUNCTION, 'index.js'))
  await mkdir(join(data, 'logs'), { recursive: true })
  const password = await gatewayPassword(data)
  const gatewayPort = await freePorts(1)
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
  const triggerPort = await freePorts(1)
  const gateway = new StackProcess(
    {
      name: 'gateway',
      command: NODE,
      args: [FEW_THREADS, SHORT_PAUSES, ...profile, join(dist, 'faas/index.js')],
      env: {
        FAAS_PORT: `${gatewayPort}`,
        FAAS_METRICS_PORT: '0',
        FAAS_DATA: join(data, 'faas'),
        FAAS_DIST: dist,
        secret_mount_path: secretsFolder(data),
      },
      port: gatewayPort,
      healthy: () => answers(`${gatewayUrl}/healthz`),
      startMs: 30_000,
      stopMs: 30_000,
    },
    data,
    () => {},
  )
  const trigger = new StackProcess(
    {
      name: 'trigger',
      command: NODE,
      args: [FEW_THREADS, ...profile, join(dist, 'triggers/index.js')],
      env: {
        NATS_URL: servers.urls.NATS_URL,
        GATEWAY_URL: gatewayUrl,
        SECRETS_DIR: secretsFolder(data),
        TRIGGER_ID: 'bench',
        TRIGGER_METRICS_PORT: `${triggerPort}`,
      },
      port: triggerPort,
      healthy: () => answers(`http://127.0.0.1:${triggerPort}/metrics`),
      startMs: 30_000,
      stopMs: 15_000,
    },
    data,
    () => {},
  )
  await gateway.start()
  const nats = connectNats(servers.urls, 'bench')
  await nats.there()
  const connection = await nats.connection
  await applyStreams(connection, [SPEC, STREAMS.DLQ])
  const manager = await jetstreamManager(connection)
  const authorization = `Basic ${Buffer.from(`${GATEWAY_USER}:${password}`).toString('base64')}`
  const stop = async () => {
    goOn()
    await trigger.stop()
    await gateway.stop()
    endReplicas(join(data, 'faas'))
    await nats.close()
    await servers.stop()
  }
  const goOn = beforeEnd(stop)
  return {
    trigger,
    processes: { 'nats-server': servers.processes.nats.pid!, gateway: gateway.pid! },
    data,
    natsUrl: servers.urls.NATS_URL,
    connection,
    publisher: natsPublisher(nats),
    subject: (i: number) => `bench.x.S${i % 100}`,
    /** Where the function listens itself. */
    functionUrl(): string {
      const [replica] = JSON.parse(readFileSync(join(data, 'faas/replicas.json'), 'utf8')) as [{ port: number }]
      return `http://127.0.0.1:${replica.port}/`
    },
    /** Puts the function up with these annotations and labels, on an empty stream. */
    async deploy(annotations: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): Promise<void> {
      for (const name of [`acked-${FUNCTION}`, 'plain']) await manager.consumers.delete(STREAM, name).catch(() => {})
      await manager.streams.purge(STREAM)
      await manager.streams.purge('KV_trade2026')
      await manager.consumers.add(STREAM, { durable_name: 'plain', ack_policy: AckPolicy.Explicit })
      const all = { 'trigger.stream': STREAM, 'trigger.delivery': 'acked', ...annotations }
      const envVars = profile.length > 0 ? { NODE_OPTIONS: profile.join(' ') } : {}
      const body = JSON.stringify({ service: FUNCTION, image: `local/${FUNCTION}:dev`, annotations: all, labels, envVars })
      const send = (method: string) =>
        fetch(`${gatewayUrl}/system/functions`, { method, body, headers: { authorization, 'content-type': 'application/json' } })
      if ((await send('PUT')).status === 404) await send('POST')
      for (let tries = 0; tries < 600; tries++) {
        const { status } = await fetch(`${gatewayUrl}/function/${FUNCTION}/_/health`).catch(() => ({ status: 0 }))
        if (status === 200) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error('the function does not come up')
    },
    /** How many replicas are ready; undefined where there is no such function. */
    async replicas(): Promise<number | undefined> {
      const answer = await fetch(`${gatewayUrl}/system/function/${FUNCTION}`, { headers: { authorization } })
      return answer.ok ? ((await answer.json()) as { availableReplicas: number }).availableReplicas : undefined
    },
    /** Takes the function away, and waits until its processes have ended. */
    async remove(): Promise<void> {
      const body = JSON.stringify({ functionName: FUNCTION })
      await fetch(`${gatewayUrl}/system/functions`, { method: 'DELETE', body, headers: { authorization } })
      while (childrenOf(gateway.pid!).length > 0) await new Promise((resolve) => setTimeout(resolve, 50))
    },
    /** Messages that are not settled; undefined before the trigger has begun. */
    async unsettled(): Promise<number | undefined> {
      const found = await manager.consumers.info(STREAM, `acked-${FUNCTION}`).catch(() => undefined)
      return found && found.num_pending + found.num_ack_pending
    },
    async latenciesMs(): Promise<number[]> {
      return (await fetch(`${gatewayUrl}/function/${FUNCTION}/latencies`)).json() as Promise<number[]>
    },
    /** Messages that came since the last look, in each second. */
    async arrivals(): Promise<{ readonly first: number[]; readonly again: number[] }> {
      return (await fetch(`${gatewayUrl}/function/${FUNCTION}/arrivals`)).json() as Promise<{ first: number[]; again: number[] }>
    },
    async away(ms: number): Promise<void> {
      await fetch(`${gatewayUrl}/function/${FUNCTION}/away/${ms}`, { method: 'POST' })
    },
    stop,
  }
}

export type Rig = Awaited<ReturnType<typeof startRig>>
