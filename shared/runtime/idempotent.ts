import type { Hono } from 'hono'
import type { Positions } from '../contract/batch.ts'
import { toDeadLetter } from '../contract/dead-letter.ts'
import { STREAMS } from '../contract/streams.ts'
import type { Input } from '../domain/messages.ts'
import { fence } from '../domain/position.ts'
import { versionOf } from '../domain/version.ts'
import type { PositionTable } from '../ports/position-table.ts'
import type { Publisher } from '../ports/publisher.ts'
import type { FunctionApp, FunctionEnv } from './function.ts'
import { createMetrics } from './metrics.ts'
import { definePositioned } from './positioned.ts'
import { Counter } from './prometheus.ts'

type Definition<Item> = {
  readonly name: string
  readonly positions: PositionTable
  readonly deadLetters: Publisher
  /** What it reads: `messagesOf` makes one from a schema. */
  readonly input: Input<Item>
  /**
   * The effect. When it returns, it must be there to stay; done again, now or late, by this process or another, it must change nothing:
   * whatever it writes has a key and a version of its own. What it publishes carries the call's trace context as header `traceparent`.
   * @throws {RetryableError} when a server it needs is away: the same messages will come again.
   */
  readonly handle: (items: readonly Item[], traceparent: string) => Promise<void>
  /** Adds routes of its own, such as that of a schedule. */
  readonly routes?: (app: Hono<FunctionEnv>) => void
}

/**
 * A positioned function whose effect is idempotent by key. Order within a call: dead letters acknowledged, effect, position.
 *
 * Effect and position are not one atomic step here, and comparing the position is no lock: two callers may both pass it. That is sound because
 * the effect done twice, late or out of order is the effect done once; and a position is only ever written after the effect of all before it,
 * so the greatest one is true whoever wrote it. The comparison finds lost messages (409), no more.
 */
export function defineIdempotent<Item>({ name, positions, deadLetters, input, handle, routes }: Definition<Item>): FunctionApp {
  const metrics = createMetrics(name)
  const registers = [metrics]
  const handled = new Counter({ name: 'function_handled_total', help: 'Messages handled, repeats included', registers })
  const rejected = new Counter({ name: 'function_rejected_total', help: 'Dead letters, by code', labelNames: ['code'], registers })

  return definePositioned({
    name,
    metrics,
    ...(routes && { routes }),
    async apply(batch, traceparent) {
      const { stream, epoch, slots, last, lastNs, count } = batch.head
      const stored = await positions.read(stream)
      const there = slots.map(([slot]) => stored.get(slot) ?? null)
      const after = slots.map(([, version]) => version)
      const begin = slots.map(([, , flag]) => flag === 1)
      const position = { version: versionOf(epoch, last), ns: lastNs }
      const verdict = fence(there, after, begin, position)
      if (verdict === 'repeat') return { kind: 'repeat' }
      const covered = slots.map(([slot]) => slot)
      if (verdict === 'conflict') return { kind: 'conflict', positions: pick(stored, covered) }
      const { items, rejects } = input.read(batch)
      const letters = rejects.map((reject) => toDeadLetter({ functionName: name, traceparent, ...reject }))
      if (letters.length > 0) await deadLetters.publishAll(letters)
      if (items.length > 0) await handle(items, traceparent)
      // A quiet batch moves nothing.
      if (there.some((known) => known?.version !== position.version)) await positions.write(stream, covered, position)
      handled.inc(items.length)
      for (const { code } of rejects) rejected.inc({ code })
      return { kind: 'applied', applied: count - rejects.length, rejected: rejects.length }
    },
    async positions(stream) {
      const stored = await positions.read(stream)
      const slots = Object.values(STREAMS).find((known) => known.name === stream)?.slots ?? 0
      return pick(stored, new Set([...Array(slots).keys(), ...stored.keys()]))
    },
  })
}

const pick = (stored: Awaited<ReturnType<PositionTable['read']>>, slots: Iterable<number>): Positions =>
  Object.fromEntries(Array.from(slots, (slot) => [slot, stored.get(slot) ?? null]))
