import type { Source, SourceTick } from './source.ts'

type Cursor = { readonly chunks: AsyncIterator<readonly SourceTick[]>; chunk: readonly SourceTick[]; at: number }

/** Steps to the next tick, reading a chunk where the last one is used up. False at the end. */
async function refill(cursor: Cursor): Promise<boolean> {
  while (cursor.at >= cursor.chunk.length) {
    const next = await cursor.chunks.next()
    if (next.done) return false
    cursor.chunk = next.value
    cursor.at = 0
  }
  return true
}

/**
 * Merges sources by delivery time. Each keeps its own order; where times are equal the source named first goes first, so the merge of the
 * same files is the same every time. A source whose own times step back is delivered as it is.
 */
export async function* mergeByTime(sources: readonly Source[], chunkTicks = 4096): AsyncGenerator<readonly SourceTick[]> {
  let live: Cursor[] = []
  for (const source of sources) {
    const cursor: Cursor = { chunks: source[Symbol.asyncIterator](), chunk: [], at: 0 }
    if (await refill(cursor)) live.push(cursor)
  }
  let out: SourceTick[] = []
  while (live.length > 0) {
    let least = live[0]!
    for (const cursor of live) if (cursor.chunk[cursor.at]!.atMs < least.chunk[least.at]!.atMs) least = cursor
    out.push(least.chunk[least.at++]!)
    if (least.at >= least.chunk.length && !(await refill(least))) live = live.filter((cursor) => cursor !== least)
    if (out.length >= chunkTicks) {
      yield out
      out = []
    }
  }
  if (out.length > 0) yield out
}
