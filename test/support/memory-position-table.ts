import type { Position } from '../../shared/domain/position.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'

type Stored = Map<string, Map<number, Position>>

/**
 * Positions in memory; test/conformance/position-table.ts holds them to what the real ones do. `stored` may be changed as a restore would;
 * `restart` is what a killed server does, `another` the same table as another process sees it.
 */
export function memoryPositionTable(store: { stored: Stored; run: number } = { stored: new Map(), run: 0 }) {
  const readIn = new Map<string, number>()
  const table: PositionTable = {
    async read(stream) {
      readIn.set(stream, store.run)
      return new Map(store.stored.get(stream))
    },
    async write(stream, slots, position) {
      if (!readIn.has(stream)) throw new Error('positions are written only after they were read')
      if (readIn.get(stream) !== store.run) return
      const known = store.stored.get(stream) ?? new Map<number, Position>()
      store.stored.set(stream, known)
      for (const slot of slots) if ((known.get(slot)?.version ?? -1) < position.version) known.set(slot, position)
    },
  }
  return Object.assign(table, {
    stored: store.stored,
    restart: () => void store.run++,
    another: (): PositionTable => memoryPositionTable(store),
  })
}
