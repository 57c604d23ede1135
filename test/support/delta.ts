import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import type { Txn } from '../../shared/delta/action.ts'
import { keyOfPath } from '../../shared/delta/path.ts'
import { type Column, columnsOf } from '../../shared/delta/schema.ts'
import { Table, type TableSpec } from '../../shared/delta/table.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

export const NUMBERS: readonly Column[] = [
  { name: 'n', type: 'long', nullable: true },
  { name: 'name', type: 'string', nullable: true },
  { name: 'day', type: 'string', nullable: true },
]

/** A small table of numbers, partitioned by day. */
export const numbersTable = (store: ObjectStore, spec: Partial<TableSpec> = {}): Table =>
  new Table({ key: 'lake/numbers', columns: NUMBERS, partitionBy: ['day'], codec: 'snappy', ...spec }, store, parquet)

type Rows = { readonly numbers: readonly number[]; readonly day?: string; readonly txn?: Txn }

/** Appends rows in one commit, unless the transaction stands there or beyond already. */
export async function appendNumbers(table: Table, { numbers, day = '2026-11-21', txn }: Rows) {
  const file = table.file({ day })
  const extra = Object.fromEntries(table.spec.columns.slice(3).map(({ name }) => [name, numbers.map(() => null)]))
  file.write(numbers.length, { n: numbers.map(BigInt), name: numbers.map((n) => `number ${n}`), ...extra })
  const { add, bytes } = file.finish(Date.now())
  await table.store(add, bytes)
  return table.append((snapshot) => {
    if (txn && (snapshot.txnVersion(txn.appId) ?? -1n) >= txn.version) return undefined
    return { adds: [add], txns: txn ? [txn] : [] }
  })
}

/** All numbers in a table, ascending, read by our own reader. */
export async function numbersIn(table: Table, store: ObjectStore): Promise<number[]> {
  const { files, metaData } = await table.snapshot()
  const columns = columnsOf(metaData!.schemaString)
  const found: number[] = []
  for (const { path } of files.values())
    for await (const group of parquet.groups((await store.get(keyOfPath(path, table.spec.key)))!, columns))
      found.push(...Array.from(group.n!, Number))
  return found.sort((a, b) => a - b)
}
