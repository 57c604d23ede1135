import { columnsOf } from '../../../shared/delta/schema.ts'
import { table as asTable } from '../table.ts'
import { withTable } from './open.ts'
import { rowsOf, sizeText } from './text.ts'

type Options = { readonly table?: string; readonly version?: number; readonly json?: boolean }

/** Shows a table: columns, partitions with their files and rows, and the transactions of its writers. */
export const ls = (options: Options): Promise<number> =>
  withTable(options.table, options.version, async ({ table, snapshot }) => {
    const { version, metaData, txns } = snapshot
    const partitions = new Map<string, { files: number; rows: number; bytes: number }>()
    for (const add of snapshot.files.values()) {
      const name = Object.values(add.partitionValues).join(', ')
      const before = partitions.get(name) ?? { files: 0, rows: 0, bytes: 0 }
      partitions.set(name, { files: before.files + 1, rows: before.rows + rowsOf(add), bytes: before.bytes + add.size })
    }
    const columns = columnsOf(metaData!.schemaString)
    const writers = [...txns.values()].map(({ appId, version: at }) => ({ appId, version: String(at) }))
    if (options.json) {
      console.log(JSON.stringify({ table: table.spec.key, version, columns, partitions: Object.fromEntries(partitions), writers }, null, 2))
      return 0
    }
    console.log(`${table.spec.key}, version ${version}: ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`)
    const sorted = [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))
    const head = [metaData!.partitionColumns.join(', ') || 'partition', 'files', 'rows', 'size']
    const lines = sorted.map(([name, { files, rows, bytes }]) => [name, `${files}`, rows.toLocaleString('en'), sizeText(bytes)])
    for (const line of asTable(head, lines)) console.log(line)
    for (const line of asTable(
      ['writer', 'at'],
      writers.map(({ appId, version: at }) => [appId, at]),
    ))
      console.log(line)
    return 0
  })
