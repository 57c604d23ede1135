import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { TICKS_TABLE } from '../../shared/contract/lake.ts'
import { keyOfPath } from '../../shared/delta/path.ts'
import { columnsOf } from '../../shared/delta/schema.ts'
import { Table } from '../../shared/delta/table.ts'
import { tickTable } from '../../shared/lake/tick-table.ts'
import { s3Of } from './s3.ts'

/** The rows of one group of a file, column by column. */
type Rows = Readonly<Record<string, ArrayLike<unknown>>>

/** The table of ticks of a stack, or another one, with our own reader. */
export function lakeOf(S3_URL: string, key = TICKS_TABLE) {
  const store = s3ObjectStore(s3Of(S3_URL))
  const table = new Table(tickTable(key, 'dt', 'snappy'), store, parquet)
  return {
    store,
    table,
    /** All rows of the newest version, group by group. */
    async *rows(...names: readonly string[]): AsyncGenerator<Rows> {
      const { files, metaData } = await table.log.load()
      if (!metaData) return
      const columns = columnsOf(metaData.schemaString).filter(({ name }) => names.includes(name))
      for (const { path } of files.values()) yield* parquet.groups((await store.get(keyOfPath(path, key)))!, columns)
    },
  }
}
export type Lake = ReturnType<typeof lakeOf>
