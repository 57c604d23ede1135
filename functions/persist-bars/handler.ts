import { closedBars } from '../../shared/domain/closed-bars.ts'
import type { BarTable } from '../../shared/ports/bar-table.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import { defineIdempotent } from '../../shared/runtime/idempotent.ts'

export const NAME = 'persist-bars'

/** Stores closed bars. A row is keyed by its own version: whatever is written twice, late or out of order, the greatest version of a bar wins. */
export const persistBars = (table: BarTable, positions: PositionTable, deadLetters: Publisher) =>
  defineIdempotent({ name: NAME, positions, deadLetters, input: closedBars, handle: (bars) => table.write(bars) })
