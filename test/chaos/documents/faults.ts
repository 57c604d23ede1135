import { standStill, tearValkey } from '../faults.ts'
import type { Happened } from '../in-order.ts'
import { COMMIT_OF, killAtCommit, storeAils } from '../store-faults.ts'
import { redeploy, signal } from '../world.ts'
import { readOnly } from './read-only.ts'
import type { Sink, Step, Target } from './schedule.ts'
import { type DocumentWorld, storedBy } from './world.ts'

/** Valkey's database of documents (docs/decisions/0011-documents.md). */
const DOCUMENTS_DB = 3

/** Does one fault, and returns when both stores take documents again. */
export async function happen(world: DocumentWorld, step: Step, turn: number): Promise<Happened> {
  switch (step.fault) {
    case 'kill':
      await Promise.all(step.targets.map((target) => signal(world, target, 'SIGKILL')))
      return { recoveryMs: await storedBy(world), note: step.name && step.targets.join(' + ') }
    case 'freeze':
      return freeze(world, step.targets, step.ms)
    case 'read-only':
      return readOnly(world, step)
    case 'empty-valkey':
      if (step.what === 'everything') await world.valkey.flushall()
      else await world.valkey.multi().select(DOCUMENTS_DB).flushdb().select(0).exec()
      return { recoveryMs: await storedBy(world) }
    case 'rewind-valkey': {
      const note = await tearValkey(world)
      return { recoveryMs: await storedBy(world), note }
    }
    case 'store':
      await storeAils(world, step)
      return { recoveryMs: await storedBy(world, ['flush-alt-docs']), note: `${step.ms / 1000} s` }
    case 'kill-at-commit': {
      const isIts = COMMIT_OF[step.target === 'lake-upkeep' ? 'lake-upkeep' : 'flush-batch']
      return killAtCommit(world, { ...step, isIts, recovered: () => storedBy(world, ['flush-alt-docs']) })
    }
    case 'stale':
      return stale(world, step.target, turn)
    case 'second-trigger':
      return secondTrigger(world)
  }
}

async function freeze(world: DocumentWorld, targets: readonly Target[], ms: number): Promise<Happened> {
  await standStill(world, targets, ms)
  return { recoveryMs: await storedBy(world), note: `${ms / 1000} s` }
}

/** A function that stands still in the middle of its work for ten seconds. Its successor, called by a new trigger, stores what came meanwhile; then the first one wakes up and finishes. */
async function stale(world: DocumentWorld, target: Sink, turn: number): Promise<Happened> {
  const awake = standStill(world, [target], 10_000)
  await redeploy(world, target, { env: { CHAOS_TURN: String(turn) }, annotations: PACE[target] })
  await signal(world, 'trigger-0', 'SIGKILL')
  const recoveryMs = await storedBy(world, [target])
  await awake
  await storedBy(world)
  return { recoveryMs }
}

/** Two trigger processes at once; the first is killed while it holds the leases; then the second goes away in good order. */
async function secondTrigger(world: DocumentWorld): Promise<Happened> {
  const second = world.stack.process('trigger-1')
  await second.start()
  await storedBy(world)
  await standStill(world, ['trigger-0'], 1000)
  await signal(world, 'trigger-0', 'SIGKILL')
  const recoveryMs = await storedBy(world)
  await second.stop()
  await storedBy(world)
  return { recoveryMs, note: 'second one took over' }
}

/** The lake commits each second instead of each ten, so that faults meet more commits. */
const PACE: Readonly<Record<Sink, Readonly<Record<string, string>>>> = {
  'index-alt-doc': {},
  'flush-alt-docs': { 'trigger.wait-ms': '1000' },
}

/** Sets the pace of the run. */
export async function setPace(world: DocumentWorld): Promise<void> {
  await redeploy(world, 'flush-alt-docs', { annotations: PACE['flush-alt-docs'] })
}
