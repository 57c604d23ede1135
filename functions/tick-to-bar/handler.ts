import { toDeadLetter } from '../../shared/contract/dead-letter.ts'
import type { Batch } from '../../shared/contract/framing.ts'
import type { StreamSpec } from '../../shared/contract/streams.ts'
import type { BarSettings } from '../../shared/domain/bar-settings.ts'
import { Fold, type Reject } from '../../shared/domain/fold.ts'
import { contradict, fence } from '../../shared/domain/position.ts'
import type { SlotChanges } from '../../shared/domain/slot-state.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { BarCache } from '../../shared/ports/bar-cache.ts'
import type { BarHistory } from '../../shared/ports/bar-history.ts'
import type { BarStore, SlotCommit } from '../../shared/ports/bar-store.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { RetryableError, TerminalError } from '../../shared/runtime/errors.ts'
import type { FunctionApp } from '../../shared/runtime/function.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { definePositioned, type Outcome } from '../../shared/runtime/positioned.ts'
import type { Resource } from '../../shared/runtime/resource.ts'
import { LiveBars } from './live.ts'
import { barMetrics } from './metrics.ts'
import { Outbox } from './outbox.ts'
import { toEntry } from './outbox-entry.ts'
import { restoreSlots } from './restore-slots.ts'
import { type HeldSlot, Slots } from './slots.ts'

const NAME = 'tick-to-bar'
const MOST_TRIES = 3

type Ports = {
  readonly store: BarStore
  readonly publisher: Publisher
  readonly cache: BarCache
  /** Left out: a slot always begins empty. */
  readonly history?: BarHistory
}

type Settings = BarSettings & {
  readonly stream: StreamSpec
  readonly liveIntervalMs: number
  /** A name that no other process ever has. */
  readonly instance: string
}

/**
 * Folds batches of ticks into bars. State, position and the bars to publish move in one commit, so a batch counts once or not at all.
 * Closing its `outbox` gives the last bars a moment to be published.
 */
export function tickToBar({ store, publisher, cache, history }: Ports, settings: Settings): FunctionApp & { readonly outbox: Resource } {
  const { stream } = settings
  const log = createLog(NAME)
  const registry = createMetrics(NAME)
  const outbox = new Outbox(publisher, log)
  const live = new LiveBars(publisher, cache, log, settings.liveIntervalMs)
  const metrics = barMetrics(registry, () => outbox.bars)
  const fold = new Fold(stream.slots, settings)
  const slots = new Slots(store, settings, (slot, entries) => {
    log.info({ slot, entries: entries.size }, 'publishing what an earlier process left')
    for (const [token, stored] of entries) outbox.add(slot, token, stored)
  })
  let commits = 0

  const app = definePositioned({
    name: NAME,
    metrics: registry,
    async apply(batch, traceparent) {
      const covered = batch.head.slots.map(([slot]) => slot)
      if (batch.head.stream !== stream.name || covered.some((slot) => slot >= stream.slots))
        throw new TerminalError('ERR_BATCH', `bars are made of ${stream.name}, slots 0 to ${stream.slots - 1}`)
      outbox.admit()
      const outcome = await slots.alone(covered, () => applyFresh(batch, covered, traceparent))
      await outbox.room()
      return outcome
    },
    async positions(name) {
      if (name !== stream.name) throw new TerminalError('ERR_REQUEST', `bars are made of ${stream.name}`)
      return Object.fromEntries((await store.positions()).entries())
    },
  })
  return Object.assign(app, { outbox })

  /** Applies a batch to slots as they are stored, however old what is held in memory. */
  async function applyFresh(batch: Batch, covered: readonly number[], traceparent: string): Promise<Outcome> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      try {
        const outcome = await applyOnce(batch, covered, traceparent)
        if (outcome !== 'again') return outcome
      } catch (error) {
        slots.drop(covered)
        throw error
      }
      slots.drop(covered)
    }
    throw new RetryableError('ERR_UNAVAILABLE', 'others kept writing the same slots')
  }

  async function applyOnce(batch: Batch, covered: readonly number[], traceparent: string): Promise<Outcome | 'again'> {
    const { head } = batch
    const last = versionOf(head.epoch, head.last)
    const position = { version: last, ns: head.lastNs }
    const after = head.slots.map(([, version]) => version)
    const begin = head.slots.map(([, , flag]) => flag === 1)
    const held = await slots.at(covered, after, position)
    const stored = held.map(({ position }) => position)
    const decision = fence(stored, after, begin, position)
    if (decision === 'repeat') return { kind: 'repeat' }
    if (decision === 'conflict')
      return { kind: 'conflict', positions: Object.fromEntries(covered.map((slot, i) => [slot, held[i]!.position])) }

    if (history && stored.includes(null)) {
      const beginning = covered.flatMap((slot, i) => (stored[i] === null ? [{ slot, after: after[i]!, state: held[i]!.state }] : []))
      const symbols = await restoreSlots(history, beginning, batch, settings)
      if (symbols > 0)
        log.warn({ symbols }, 'the stream no longer holds all messages of what was stored: minutes are taken from their rows')
    }
    const { rejects, counts } = fold.advance(new Map(covered.map((slot, i) => [slot, held[i]!.state])), batch)
    const changes = held.map(({ state }) => state.takeChanges(settings, head.nowMs, last))
    if (rejects.length > 0) await publisher.publishAll(rejects.map((reject) => deadLetter(batch, reject, traceparent)))
    const token = `${settings.instance}.${++commits}`
    const entries = covered.map((slot, i) =>
      slotCommit(slot, after[i]!, begin[i]!, held[i]!, changes[i]!, outbox.published(slot), traceparent),
    )
    // A quiet batch that closes nothing would only write what is there; it still must not hide that the store fell back or was emptied.
    const idle = entries.every(({ puts, published }, i) => puts.length + published.length === 0 && stored[i]?.version === last)
    if (idle) {
      const now = await store.positions()
      if (covered.some((slot) => now[slot]?.version !== last || contradict(now[slot], position))) return 'again'
    } else {
      if ((await store.commit(position, token, entries)) !== 'applied') return 'again'
      for (const [i, entry] of entries.entries()) {
        held[i]!.position = position
        held[i]!.token = token
        outbox.deleted(entry.slot, entry.published)
        if (entry.outbox) outbox.add(entry.slot, token, entry.outbox)
      }
    }
    const closed = changes.reduce((sum, change) => sum + change.closed.length, 0)
    metrics.committed(batch, counts, rejects, closed, performance.timeOrigin + performance.now())
    live.touch(changes.flatMap(({ touched }) => touched))
    return { kind: 'applied', applied: counts.messages, rejected: rejects.length }
  }
}

function slotCommit(
  slot: number,
  after: number,
  begin: boolean,
  held: HeldSlot,
  { puts, deletes, closed }: SlotChanges,
  published: readonly string[],
  traceparent: string,
): SlotCommit {
  return { slot, after, begin, token: held.token, puts, deletes, outbox: toEntry(closed, traceparent), published }
}

function deadLetter({ head, seqs, times, subject }: Batch, { message, line, code, error, body }: Reject, traceparent: string) {
  const sequence = seqs[message]!
  return toDeadLetter({
    functionName: NAME,
    stream: head.stream,
    version: versionOf(head.epoch, sequence),
    sequence,
    line,
    subject: head.subjects[subject[message]!]!,
    code,
    error,
    attempts: 1,
    timeMs: times[message]!,
    headers: head.headers?.[message],
    traceparent,
    body,
  })
}
