/**
 * The slot of a symbol: FNV-1a over its UTF-16 code units, modulo the stream's fixed number of slots.
 * State, duplicates and positions live under slots; readers only group them, so their number may change at any time. Never change this.
 */
export function slotOf(symbol: string, slots: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < symbol.length; i++) hash = Math.imul(hash ^ symbol.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % slots
}

/** The slots that reader `reader` of `readers` serves, ascending. */
export const slotsOfReader = (reader: number, readers: number, slots: number): number[] =>
  Array.from({ length: slots }, (_, slot) => slot).filter((slot) => slot % readers === reader)
