import { existsSync, readFileSync } from 'node:fs'

/** A log was written to at this time, and had this size then. */
export type Mark = { readonly sizeBytes: number; readonly ms: number }

/** The marks of a log, sizes and times both ascending. A last line that is not whole is left out. */
export function readMarks(file: string): Mark[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'latin1').matchAll(/^(\d+) (\d+)\n/gm)
  return [...lines].map(([, size, ms]) => ({ sizeBytes: Number(size), ms: Number(ms) }))
}

/** Tells times of a log's bytes, to be asked for ascending offsets; what has no mark yet was written at `latestMs` at the latest. */
export function clockOf(marks: readonly Mark[], latestMs: number): (offset: number) => number {
  let at = 0
  return (offset) => {
    while (at < marks.length && marks[at]!.sizeBytes < offset) at++
    return marks[at]?.ms ?? latestMs
  }
}

/** From which offset on bytes may be of this time or later. */
export function offsetSince(marks: readonly Mark[], sinceMs: number): number {
  const first = marks.findIndex(({ ms }) => ms >= sinceMs)
  const before = first === -1 ? marks.at(-1) : marks[first - 1]
  return before?.sizeBytes ?? 0
}
