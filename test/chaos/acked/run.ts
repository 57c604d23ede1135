import { setTimeout as sleep } from 'node:timers/promises'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { publishUntil } from '../publish-surely.ts'
import { pick, random } from '../random.ts'
import { signalPid } from '../world.ts'
import { message } from './messages.ts'
import { type Findings, verdictOf } from './verdict.ts'
import { type AckedWorld, FUNCTIONS, STREAM, startWorld } from './world.ts'

const TARGETS = ['host', 'replica', 'trigger', 'nats-server'] as const
type Target = (typeof TARGETS)[number]

export type AckedOptions = { readonly minutes: number; readonly seed: number; readonly say: (line: string) => void }
type AckedReport = { readonly kills: ReadonlyMap<Target, number>; readonly published: number; readonly findings: Findings }

const PER_SECOND = 500
const LEAST_PAUSE_MS = 200
const MORE_PAUSE_MS = 1800
const STUCK_MS = 120_000
const LOOK_MS = 500

/** Publishes to acked functions of every form while one process after the other is killed; then waits until nothing is left and looks for what is missing. */
export async function runAcked({ minutes, seed, say }: AckedOptions): Promise<AckedReport> {
  const world = await startWorld()
  try {
    const next = random(seed)
    const end = performance.now() + minutes * 60_000
    const isOver = () => performance.now() > end
    const publishing = publishUntil(natsPublisher(world.nats), { perSecond: PER_SECOND, message, isOver })
    const kills = new Map<Target, number>()
    while (!isOver()) {
      await sleep(LEAST_PAUSE_MS + next() * MORE_PAUSE_MS)
      const target = pick(next, TARGETS)
      say(`${((end - performance.now()) / 1000).toFixed(1).padStart(6)} s left  kill -9 ${target}`)
      await kill(world, target, next())
      kills.set(target, (kills.get(target) ?? 0) + 1)
    }
    const published = await publishing
    say(`${published} messages are in the stream; waiting until they are settled`)
    await settled(world)
    return { kills, published, findings: await verdictOf(world, published) }
  } finally {
    await world.stop()
  }
}

/** Kills one process; what does not come back by itself is started again. @param which - in [0, 1), of several. */
async function kill({ host, servers, triggers, startTrigger }: AckedWorld, target: Target, which: number): Promise<void> {
  switch (target) {
    case 'host':
      await host.down('SIGKILL')
      return host.up()
    case 'replica': {
      const replicas = host.replicas()
      const replica = replicas[Math.floor(which * replicas.length)]
      return replica && signalPid(replica.pid, 'SIGKILL')
    }
    case 'trigger': {
      const number = Math.floor(which * triggers.length)
      await triggers[number]!.kill()
      return startTrigger(number)
    }
    case 'nats-server':
      return void servers.processes.nats.kill('SIGKILL')
  }
}

/** Waits until no function has anything left to settle. @throws {Error} that says how much, when it has not become less for a while. */
async function settled({ manager }: AckedWorld): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let sinceMs = performance.now(); ; await sleep(LOOK_MS)) {
    const left = Object.keys(FUNCTIONS).map(async (name) => {
      // A server that is just coming back does not answer.
      const info = await manager.consumers.info(STREAM, `acked-${name}`).catch(() => undefined)
      return { name, count: info ? info.num_pending + info.num_ack_pending : Number.POSITIVE_INFINITY }
    })
    const counts = await Promise.all(left)
    const sum = counts.reduce((all, { count }) => all + count, 0)
    if (sum === 0) return
    if (sum < least) [least, sinceMs] = [sum, performance.now()]
    if (performance.now() - sinceMs < STUCK_MS) continue
    throw new Error(`nothing is settled any more: ${counts.map(({ name, count }) => `${name} has ${count} messages left`).join(', ')}`)
  }
}
