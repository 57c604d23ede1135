import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Redis } from 'ioredis'
import { ROOT } from '../../infra/stack/settings.ts'
import { readStackFile } from '../../infra/stack/stack-file.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { Lake } from '../support/lake.ts'
import { type OwnStack, replicasOf } from '../support/own-stack.ts'
import { isCaughtUp, READERS, reachedBy, until } from '../support/progress.ts'
import type { S3Proxy } from '../support/s3-proxy.ts'
import type { TapePublisher } from './publisher.ts'

/** What the faults act on. */
export type World = {
  readonly stack: OwnStack
  readonly publisher: TapePublisher
  readonly connection: NatsConnection
  readonly valkey: Redis
  readonly lake: Lake
  /** Between the functions and the store. */
  readonly proxy: S3Proxy
  /** The environment given to every function of this run. */
  readonly env: Readonly<Record<string, string>>
  /** How often each process was killed by us, to find those that died by themselves. */
  readonly kills: Map<string, number>
}

/** What a signal needs: whose processes they are, and where it is written down who was killed. */
export type Struck = Pick<World, 'stack' | 'kills'>

const BACK_MS = 90_000

/** The processes of a target; waits until it has one (it may just be starting again). */
async function pidsOf({ stack }: Struck, target: string): Promise<number[]> {
  const process = stack.processes.get(target)
  const now = () => (process ? [process.pid ?? 0].filter(Boolean) : replicasOf(stack, target).map(({ pid }) => pid))
  await until(`${target} has a process`, async () => now().length > 0, BACK_MS, 5)
  return now()
}

/** Sends a signal to all processes of a target; one that has ended meanwhile is passed over. */
export async function signal(world: Struck, target: string, name: NodeJS.Signals): Promise<number[]> {
  const pids = await pidsOf(world, target)
  for (const pid of pids) signalPid(pid, name)
  if (name === 'SIGKILL') world.kills.set(target, (world.kills.get(target) ?? 0) + 1)
  return pids
}

/** Sends a signal to one process, if it still lives. */
export function signalPid(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** How far tick-to-bar has come. */
export const ticksRead = ({ stack }: World) => reachedBy(stack.urls.GATEWAY_URL, READERS[0].name, READERS[0].stream)

/** Waits for something, and tells how long that took, ms. */
export async function timeUntil(what: string, yes: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  await until(what, yes, BACK_MS, 20)
  return performance.now() - started
}

/** Waits until a tick that is published from now on is committed by the foremost slot, or by all. */
export function nextCommit(world: World, slots: 'one' | 'all' = 'one'): Promise<number> {
  // After the end of the tape nothing newer comes: all of it will do.
  const offered = Math.min(world.publisher.offered, world.publisher.length - 1)
  return timeUntil('a tick published after the fault is committed', async () => {
    const { least, most } = await ticksRead(world)
    return sequenceOf(slots === 'one' ? most : least) > offered
  })
}

/** Waits until the first trigger process reads for a function with so many readers. */
export function readBy({ stack }: World, name: string, readers: number): Promise<number> {
  const lanes = Array.from(
    { length: readers },
    (_, i) => `trigger_lane_ready{function="${name}",lane="${i}-of-${readers}",process="trigger-0"} 1`,
  )
  return timeUntil(`${name} has ${readers} readers`, async () => {
    const page = await (await fetch(`http://127.0.0.1:${stack.settings.ports.trigger}/metrics`)).text()
    return lanes.every((lane) => page.includes(lane))
  })
}

/** Waits until persist-bars answers and has stored every bar that the stream holds. */
export function rowsStored({ stack, connection }: World): Promise<number> {
  return timeUntil('every bar of the stream is stored', () => isCaughtUp(connection, stack.urls.GATEWAY_URL, READERS[1]))
}

/** Deploys one function of stack.yml again, over HTTP as a user would, with other annotations or environment. */
export async function redeploy(
  { stack, env }: Pick<World, 'stack' | 'env'>,
  service: string,
  change: { readonly annotations?: Record<string, string>; readonly env?: Record<string, string> },
): Promise<void> {
  const found = (await readStackFile(join(ROOT, 'stack.yml'), process.env)).find((deployment) => deployment.service === service)
  if (!found) throw new Error(`stack.yml has no ${service}`)
  const { GATEWAY_URL, ...addresses } = stack.urls
  const annotations = { ...(found.annotations as Record<string, string>), ...change.annotations }
  const envVars = { ...found.envVars, ...addresses, ...env, ...change.env }
  const authorization = `Basic ${Buffer.from(`${stack.user}:${stack.password}`).toString('base64')}`
  const response = await fetch(`${GATEWAY_URL}/system/functions`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ ...found, annotations, envVars }),
    signal: AbortSignal.timeout(30_000),
  })
  if (!response.ok) throw new Error(`${service} was refused: ${response.status} ${await response.text()}`)
}
