import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { keyOfPath } from '../../shared/delta/path.ts'
import { Table } from '../../shared/delta/table.ts'
import { TICK_COLUMNS, tickTable } from '../../shared/lake/tick-table.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

export const seqs = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** The sequence of each row of a table of ticks, ascending: each as often as it is there. */
export async function seqsIn(store: ObjectStore, key: string): Promise<number[]> {
  const found: number[] = []
  for (const { path } of (await new Table(tickTable(key, 'dt', 'snappy'), store, parquet).snapshot()).files.values())
    for await (const { stream_seq } of parquet.groups((await store.get(keyOfPath(path, key)))!, TICK_COLUMNS))
      found.push(...Array.from(stream_seq!, Number))
  return found.sort((a, b) => a - b)
}
