import type { Position } from '../../shared/domain/position.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'

/** Positions in memory; `stored` may be changed as a restore would. */
export function memoryPositionTable(): PositionTable & { readonly stored: Map<string, Map<number, Position>> } {
  const stored = new Map<string, Map<number, Position>>()
  return {
    stored,
    read: async (stream) => new Map(stored.get(stream)),
    async write(stream, slots, position) {
      const known = stored.get(stream) ?? new Map<number, Position>()
      stored.set(stream, known)
      for (const slot of slots) if ((known.get(slot)?.version ?? -1) < position.version) known.set(slot, position)
    },
  }
}
