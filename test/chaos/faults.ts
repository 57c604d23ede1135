import { cp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { applyStreams } from '../../infra/storage/jetstream/apply.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { epochOf } from '../../shared/domain/version.ts'
import type { Happened } from './in-order.ts'
import { nextLakeCommit } from './lake.ts'
import type { Step, Target } from './schedule.ts'
import { COMMIT_OF, killAtCommit, storeAils } from './store-faults.ts'
import { nextCommit, readBy, redeploy, rowsStored, type Struck, signal, signalPid, ticksRead, timeUntil, type World } from './world.ts'

/** Does one fault, and returns when the stack works again. */
export function happen(world: World, step: Step, turn: number): Promise<Happened> {
  switch (step.fault) {
    case 'kill':
      return kill(world, step.targets)
    case 'freeze':
      return freeze(world, step.targets, step.ms)
    case 'readers':
      return changeReaders(world, step.counts)
    case 'store':
      return storeAils(world, step).then(async () => ({ recoveryMs: await nextLakeCommit(world), note: `${step.ms / 1000} s` }))
    case 'kill-at-commit':
      return killAtCommit(world, { ...step, isIts: COMMIT_OF[step.target], recovered: () => nextLakeCommit(world) })
    case 'stale-flush':
      return staleFlush(world, turn)
    case 'second-trigger':
      return secondTrigger(world)
    case 'empty-valkey':
      return emptyValkey(world)
    case 'rewind-valkey':
      return rewindValkey(world)
    case 'recreate-stream':
      return recreateStream(world)
    case 'cut-stream':
      return cutStream(world)
  }
}

/** What lies behind the stream of bars has recovered when all of it is stored, the lake and everything else when a new tick is committed. */
const recovery = (world: World, target: Target): Promise<number> =>
  target === 'questdb' || target === 'persist-bars'
    ? rowsStored(world)
    : target === 's3' || target === 'flush-batch' || target === 'lake-upkeep'
      ? nextLakeCommit(world)
      : nextCommit(world)

async function kill(world: World, targets: readonly Target[]): Promise<Happened> {
  await Promise.all(targets.map((target) => signal(world, target, 'SIGKILL')))
  const times = await Promise.all(targets.map((target) => recovery(world, target)))
  return { recoveryMs: Math.max(...times) }
}

async function freeze(world: World, targets: readonly Target[], ms: number): Promise<Happened> {
  await standStill(world, targets, ms)
  const times = await Promise.all(targets.map((target) => recovery(world, target)))
  return { recoveryMs: Math.max(...times), note: `${ms / 1000} s` }
}

/** All processes of some targets stand still for a while. */
export async function standStill(world: Struck, targets: readonly string[], ms: number): Promise<void> {
  const pids = (await Promise.all(targets.map((target) => signal(world, target, 'SIGSTOP')))).flat()
  await sleep(ms)
  for (const pid of pids) signalPid(pid, 'SIGCONT')
}

/** The number of readers changes under load. */
async function changeReaders(world: World, counts: readonly number[]): Promise<Happened> {
  let recoveryMs = 0
  for (const count of counts) {
    await redeploy(world, 'tick-to-bar', { annotations: { 'trigger.readers': String(count) } })
    const readMs = await readBy(world, 'tick-to-bar', count)
    recoveryMs = Math.max(recoveryMs, readMs + (await nextCommit(world, 'all')))
  }
  return { recoveryMs, note: counts.join(' → ') }
}

/**
 * A persist-bars that stands still in the middle of its work for ten seconds. Its successor, called by a new trigger, writes what came meanwhile,
 * corrections among it; then the first one wakes up and finishes.
 */
async function staleFlush(world: World, turn: number): Promise<Happened> {
  const awake = standStill(world, ['persist-bars'], 10_000)
  await redeploy(world, 'persist-bars', { env: { CHAOS_TURN: String(turn) } })
  await signal(world, 'trigger-0', 'SIGKILL')
  const recoveryMs = await rowsStored(world)
  await awake
  await rowsStored(world)
  return { recoveryMs, note: 'woke beside its successor' }
}

/** Two trigger processes at once; the first is killed while it holds the leases; then the second goes away in good order. */
async function secondTrigger(world: World): Promise<Happened> {
  const second = world.stack.process('trigger-1')
  await second.start()
  await nextCommit(world)
  await standStill(world, ['trigger-0'], 1000)
  await nextCommit(world)
  await signal(world, 'trigger-0', 'SIGKILL')
  const recoveryMs = await nextCommit(world, 'all')
  await second.stop()
  await nextCommit(world, 'all')
  return { recoveryMs, note: 'second one took over' }
}

async function emptyValkey(world: World): Promise<Happened> {
  await world.valkey.flushall()
  return { recoveryMs: await nextCommit(world, 'all') }
}

async function rewindValkey(world: World): Promise<Happened> {
  const note = await tearValkey(world)
  return { recoveryMs: await nextCommit(world, 'all'), note }
}

/** Valkey dies and comes back as it was two seconds before: the end of its append-only file is torn off. */
export async function tearValkey(world: Struck): Promise<string> {
  const folder = join(world.stack.settings.data, 'valkey', 'appendonlydir')
  const newest = async () =>
    (await readdir(folder))
      .filter((name) => name.endsWith('.incr.aof'))
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .at(-1)!
  const file = await newest()
  const { size } = await stat(join(folder, file))
  // However much that is: what it writes in this time is what it loses.
  await sleep(2000)
  await signal(world, 'valkey', 'SIGSTOP')
  const torn = (await newest()) === file
  const { size: grown } = await stat(join(folder, file))
  if (torn) await truncate(join(folder, file), size)
  await signal(world, 'valkey', 'SIGKILL')
  return torn ? `${Math.round((grown - size) / 1024)} KiB torn off` : 'its file was rewritten meanwhile: only killed'
}

/** The stream of ticks is deleted and made anew; the publisher finds it empty and sends everything again from the start. */
async function recreateStream(world: World): Promise<Happened> {
  const manager = await jetstreamManager(world.connection)
  const { most } = await ticksRead(world)
  const { state } = await manager.streams.info(STREAMS.MARKET_TICKS.name)
  await manager.streams.delete(STREAMS.MARKET_TICKS.name)
  await applyStreams(world.connection, [STREAMS.MARKET_TICKS])
  return { recoveryMs: await newEpoch(world, most), note: `${state.last_seq} messages sent again` }
}

/** The stream's folder is put back to what it was some seconds before, as a restored backup would; the publisher goes on after the last message left. */
async function cutStream(world: World): Promise<Happened> {
  const { data } = world.stack.settings
  const folder = join(data, 'nats', 'jetstream', '$G', 'streams', STREAMS.MARKET_TICKS.name)
  const copy = join(data, 'earlier-stream')
  await signal(world, 'nats', 'SIGSTOP')
  const kept = world.publisher.offered
  await cp(folder, copy, { recursive: true })
  await signal(world, 'nats', 'SIGKILL')
  await nextCommit(world)
  // However much that is: what is published in this time is what the stream loses.
  await sleep(2000)
  const { most } = await ticksRead(world)
  await signal(world, 'nats', 'SIGSTOP')
  const reached = world.publisher.offered
  await rm(folder, { recursive: true })
  await cp(copy, folder, { recursive: true })
  await signal(world, 'nats', 'SIGKILL')
  await rm(copy, { recursive: true })
  return { recoveryMs: await newEpoch(world, most), note: `about ${reached - kept} messages cut off` }
}

/** Waits until every slot stands in a life of the stream that is younger than all before. */
const newEpoch = (world: World, before: number): Promise<number> =>
  timeUntil('every slot is in a new epoch', async () => epochOf((await ticksRead(world)).least) > epochOf(before))
