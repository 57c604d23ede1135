import { setTimeout as sleep } from 'node:timers/promises'
import { toDeadLetter } from '../../shared/contract/dead-letter.ts'
import type { Batch } from '../../shared/contract/framing.ts'
import type { StreamSpec } from '../../shared/contract/streams.ts'
import type { Table } from '../../shared/delta/table.ts'
import { versionOf } from '../../shared/domain/version.ts'
import { positionsIn } from '../../shared/lake/position-txns.ts'
import { TickReader } from '../../shared/lake/tick-reader.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { RetryableError, TerminalError } from '../../shared/runtime/errors.ts'
import type { FunctionApp } from '../../shared/runtime/function.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { definePositioned, type Outcome } from '../../shared/runtime/positioned.ts'
import type { Resource } from '../../shared/runtime/resource.ts'
import { Turns } from '../../shared/runtime/turns.ts'
import { Lane } from './lane.ts'
import { lakeMetrics } from './metrics.ts'

export const NAME = 'flush-batch'

type Ports = { readonly table: Table; readonly deadLetters: Publisher }

type Settings = {
  readonly stream: StreamSpec
  /** How far a tick's time may be ahead of the broker's. */
  readonly futureMs: number
  /** A commit is made when its first row has waited so long, or it has so many rows, or bytes of messages. */
  readonly flushMs: number
  readonly flushRows: number
  readonly flushBytes: number
  /** How long a call waits for the store (to learn where the table stands, or for the commit under way when there is no room for more), and the end for a last commit. */
  readonly patienceMs: number
}

/** Beyond so many partitions a commit is made at once: each is a file, and keeps what encodes it. */
const MOST_PARTITIONS = 64
/** A commit of positions alone, where there are no rows to go with them. */
const POSITIONS_MS = 300_000
const LOOK_MS = 250

/**
 * Lands every tick of the stream in the table, once: rows and position are one Delta commit. Calls are answered when their rows are taken into memory,
 * and a commit follows each 10 s, or when there are enough. Closing its `rows` commits what has been taken.
 */
export function flushBatch({ table, deadLetters }: Ports, settings: Settings): FunctionApp & { readonly rows: Resource } {
  const { stream } = settings
  const log = createLog(NAME)
  const registry = createMetrics(NAME)
  const lanes = new Map<string, Lane>()
  const metrics = lakeMetrics(registry, () => [...lanes.values()].reduce((sum, { open }) => sum + (open?.count ?? 0), 0))
  const reader = new TickReader(stream.slots, settings.futureMs)
  const turns = new Turns()
  const timer = setInterval(() => {
    // Never while a batch is being taken: its rows would be committed without its position.
    for (const lane of lanes.values()) if (isDue(lane)) void turns.take(async () => void (isDue(lane) && lane.flush()))
  }, LOOK_MS)

  const app = definePositioned({
    name: NAME,
    metrics: registry,
    apply: (batch, traceparent) => turns.take(() => apply(batch, traceparent)),
    async positions(name) {
      if (name !== stream.name) throw new TerminalError('ERR_REQUEST', `the lake is made of ${stream.name}`)
      const held = new Map(
        [...lanes.values()].flatMap((lane) => (lane.isLost ? [] : lane.slots.map((slot) => [slot, lane.taken(slot)] as const))),
      )
      const all = Array.from({ length: stream.slots }, (_, slot) => slot)
      // The table is not asked for what it does not decide: it may be waiting for a commit.
      const stored = all.every((slot) => held.get(slot)) ? undefined : await storedPositions()
      return Object.fromEntries(all.map((slot) => [slot, held.get(slot) ?? stored?.get(slot) ?? null]))
    },
  })
  const rows: Resource = {
    name: 'rows',
    ready: async () => true,
    async close() {
      clearInterval(timer)
      await turns.take(async () => {})
      await Promise.all([...lanes.values()].map((lane) => lane.close()))
    },
  }
  return Object.assign(app, { rows })

  async function apply(batch: Batch, traceparent: string): Promise<Outcome> {
    const { head } = batch
    const covered = head.slots.map(([slot]) => slot)
    if (head.stream !== stream.name || covered.some((slot) => slot >= stream.slots))
      throw new TerminalError('ERR_BATCH', `the lake is made of ${stream.name}, slots 0 to ${stream.slots - 1}`)
    let lane = await laneOf(covered)
    const last = { version: versionOf(head.epoch, head.last), ns: head.lastNs }
    let verdict = lane.fence(head, last)
    if (verdict === 'conflict' && lane.isIdle) {
      // Another process may have gone on from where this one stands.
      lane.isLost = true
      lane = await laneOf(covered)
      verdict = lane.fence(head, last)
    }
    if (verdict === 'repeat') return { kind: 'repeat' }
    if (verdict === 'conflict') return { kind: 'conflict', positions: Object.fromEntries(covered.map((slot) => [slot, lane.taken(slot)])) }
    // A quiet batch that moves nothing.
    if (head.count === 0 && covered.every((slot) => lane.taken(slot)?.version === last.version))
      return { kind: 'applied', applied: 0, rejected: 0 }
    await room(lane)
    return take(lane, batch, last, traceparent)
  }

  async function take(lane: Lane, batch: Batch, last: { version: number; ns: string }, traceparent: string): Promise<Outcome> {
    const draft = lane.draftFor(batch.head)
    const before = draft.rows.length
    try {
      const rejects = reader.read(batch, draft.rows)
      const letters = rejects.map((reject) => toDeadLetter({ functionName: NAME, traceparent, ...reject }))
      if (letters.length > 0) await deadLetters.publishAll(letters)
      for (const { code } of rejects) metrics.rejected(code)
      draft.sizeBytes += batch.body.length
      lane.moveTo(draft, last)
      draft.settle()
      if (isFull(lane)) void lane.flush()
      return { kind: 'applied', applied: batch.head.count - rejects.length, rejected: rejects.length }
    } catch (error) {
      // Not taken, so that the same batch can come again.
      draft.rows.truncate(before)
      lane.discard(draft)
      if (draft.isBroken) lane.isLost = true
      throw error
    }
  }

  function isFull({ open }: Lane): boolean {
    if (!open) return false
    return open.count >= settings.flushRows || open.sizeBytes >= settings.flushBytes || open.partitions > MOST_PARTITIONS
  }

  function isDue(lane: Lane): boolean {
    const { open, isFlushing } = lane
    if (!open?.last || isFlushing) return false
    // Or full since the commit before it was under way.
    return isFull(lane) || performance.now() - open.openedMs >= (open.count > 0 ? settings.flushMs : POSITIONS_MS)
  }

  /** Waits until there is room: not more than one commit waits while another is under way, so memory is bounded however far behind the lake is. */
  async function room(lane: Lane): Promise<void> {
    if (!isFull(lane)) return
    if (lane.isFlushing) await inTime(lane.flush())
    if (isFull(lane)) void lane.flush()
  }

  /** The lane of exactly these slots. Where readers were grouped anew, the lanes that had some of them are committed first. */
  async function laneOf(slots: readonly number[]): Promise<Lane> {
    const name = slots.toSorted((a, b) => a - b).join()
    const known = lanes.get(name)
    if (known && !known.isLost) return known
    for (const [other, lane] of lanes) {
      if (!lane.slots.some((slot) => slots.includes(slot))) continue
      await lane.close()
      lanes.delete(other)
    }
    const lane = new Lane(slots, await storedPositions(), {
      table,
      name: NAME,
      stream: stream.name,
      patienceMs: settings.patienceMs,
      log,
      metrics,
    })
    lanes.set(name, lane)
    return lane
  }

  async function inTime<T>(work: Promise<T>): Promise<T> {
    const late = Symbol('late')
    const first = await Promise.race([work, sleep(settings.patienceMs, late, { ref: false })])
    if (first === late) throw new RetryableError('ERR_UNAVAILABLE', 'the store does not answer in time')
    return first as T
  }

  async function storedPositions() {
    try {
      return positionsIn((await inTime(table.snapshot())).txns, NAME, stream.name)
    } catch (cause) {
      // A table that may not be touched is no message's fault either.
      throw new RetryableError('ERR_UNAVAILABLE', cause instanceof Error ? cause.message : String(cause), cause)
    }
  }
}
