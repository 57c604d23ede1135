import { Counter } from 'prom-client'
import { toDeadLetter } from '../../shared/contract/dead-letter.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { closedBars } from '../../shared/domain/closed-bars.ts'
import { fence } from '../../shared/domain/position.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { BarTable } from '../../shared/ports/bar-table.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { definePositioned } from '../../shared/runtime/positioned.ts'

export const NAME = 'persist-bars'

/**
 * Stores closed bars. Order within a call: dead letters acknowledged, rows written, position written.
 *
 * Position and rows are not one atomic step here, and comparing the position is no lock: two callers may both pass it. That is sound because
 * a row is keyed by its own version: whatever is written twice, late or out of order, the greatest version of a bar wins; and a position
 * is only ever written after all rows before it, so the greatest one is true whoever wrote it. The comparison finds lost messages (409), no more.
 */
export function persistBars(table: BarTable, positions: PositionTable, deadLetters: Publisher) {
  const metrics = createMetrics(NAME)
  const written = new Counter({ name: 'bars_written_total', help: 'Rows written, repeats included', registers: [metrics] })
  const rejected = new Counter({ name: 'bars_rejected_total', help: 'Dead letters, by code', labelNames: ['code'], registers: [metrics] })

  return definePositioned({
    name: NAME,
    metrics,
    async apply(batch) {
      const { stream, epoch, slots, last, lastNs, count } = batch.head
      const stored = await positions.read(stream)
      const version = versionOf(epoch, last)
      const asked = slots.map(([slot]) => slot)
      const verdict = fence(
        asked.map((slot) => stored.get(slot)?.version ?? null),
        slots.map(([, after]) => after),
        slots.map(([, , begin]) => begin === 1),
        version,
      )
      if (verdict === 'repeat') return { kind: 'repeat' }
      if (verdict === 'conflict') {
        return { kind: 'conflict', positions: Object.fromEntries(asked.map((slot) => [slot, stored.get(slot) ?? null])) }
      }
      const { bars, rejects } = closedBars(batch)
      if (rejects.length > 0) await deadLetters.publishAll(rejects.map((reject) => toDeadLetter({ functionName: NAME, ...reject })))
      await table.write(bars)
      const quiet = slots.every(([slot]) => stored.get(slot)?.version === version)
      if (!quiet) await positions.write(stream, asked, { version, ns: lastNs })
      written.inc(bars.length)
      for (const { code } of rejects) rejected.inc({ code })
      return { kind: 'applied', applied: count - rejects.length, rejected: rejects.length }
    },
    async positions(stream) {
      const stored = await positions.read(stream)
      const slots = Object.values(STREAMS).find(({ name }) => name === stream)?.slots ?? 0
      const all = new Set([...Array(slots).keys(), ...stored.keys()])
      return Object.fromEntries([...all].map((slot) => [slot, stored.get(slot) ?? null]))
    },
  })
}
