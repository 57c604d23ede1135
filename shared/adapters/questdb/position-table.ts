import type { Position } from '../../domain/position.ts'
import { epochOf } from '../../domain/version.ts'
import type { PositionTable } from '../../ports/position-table.ts'
import { untilApplied } from './applied.ts'
import type { Questdb } from './connect.ts'
import { literal } from './sql.ts'

type Known = { readonly server: string; readonly slots: Map<number, Position> }

/**
 * The positions of one function in the table `function_positions`, a row a slot and epoch; the greatest version counts.
 *
 * Writing is not conditional on what is stored, and needs not be: whoever writes a version has written all rows before it, so the greatest is
 * true whoever wrote it, and a late writer can at most take back a position within an epoch, after which rows are written once more.
 * Rows show up some ms after they were written, so what was written is remembered, but only while the same server process runs:
 * after a restart its data may be older (power loss, a restored copy), and then what it says is the truth.
 */
export function questdbPositionTable(questdb: Questdb, functionName: string): PositionTable {
  const known = new Map<string, Known>()
  const name = literal(functionName)
  return {
    async read(stream) {
      const select = `SELECT pg_postmaster_start_time() server, slot, version, ns FROM function_positions WHERE function = ${name}
        AND stream = ${literal(stream)} UNION ALL SELECT pg_postmaster_start_time(), NULL, NULL, NULL FROM long_sequence(1)`
      let rows = await questdb.sql(select)
      const before = known.get(stream)
      if (rows[0]?.[0] !== before?.server) {
        // What was written before this server started; an older position would do no harm, but cost reading again.
        await untilApplied(questdb, 'function_positions')
        rows = await questdb.sql(select)
      }
      const server = String(rows[0]?.[0])
      const slots = server === before?.server ? before.slots : new Map<number, Position>()
      for (const [, slot, version, ns] of rows)
        if (slot !== null) keepGreatest(slots, Number(slot), { version: Number(version), ns: String(ns) })
      known.set(stream, { server, slots })
      return new Map(slots)
    },
    async write(stream, slots, position) {
      const here = known.get(stream)
      if (!here) throw new Error('positions are written only after they were read')
      const rows = slots.map((slot) => `SELECT ${slot} slot FROM long_sequence(1)`).join(' UNION ALL ')
      const values = `0::timestamp, ${name}, ${literal(stream)}, slot, ${epochOf(position.version)}, ${position.version}, ${literal(position.ns)}`
      await questdb.sql(
        `INSERT INTO function_positions SELECT ${values} FROM (${rows}) WHERE pg_postmaster_start_time() = ${literal(here.server)}`,
      )
      for (const slot of slots) keepGreatest(here.slots, slot, position)
    },
  }
}

function keepGreatest(slots: Map<number, Position>, slot: number, position: Position): void {
  const stored = slots.get(slot)
  if (!stored || position.version > stored.version) slots.set(slot, position)
}
