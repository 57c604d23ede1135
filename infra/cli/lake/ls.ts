import { columnsOf } from '../../../shared/delta/schema.ts'
import { factsOf, partitionsOf } from '../../../shared/lake/audit/file-facts.ts'
import { table as asTable } from '../table.ts'
import { withTable } from './open.ts'
import { countText, sizeText } from './text.ts'

type Options = { readonly table?: string; readonly version?: number; readonly json?: boolean }

/** Shows a table: columns, partitions with their files and rows, and the transactions of its writers. */
export const ls = (options: Options): Promise<number> =>
  withTable(options.table, options.version, async ({ table, snapshot }) => {
    const { version, metaData, txns } = snapshot
    const partitions = partitionsOf([...snapshot.files.values()].map(factsOf))
    const columns = columnsOf(metaData!.schemaString)
    const writers = [...txns.values()].map(({ appId, version: at }) => ({ appId, version: String(at) }))
    if (options.json) {
      const byName = Object.fromEntries(partitions.map(({ partition, files, rows, bytes }) => [partition, { files, rows, bytes }]))
      console.log(JSON.stringify({ table: table.spec.key, version, columns, partitions: byName, writers }, null, 2))
      return 0
    }
    console.log(`${table.spec.key}, version ${version}: ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`)
    const head = [metaData!.partitionColumns.join(', ') || 'partition', 'files', 'rows', 'size']
    const lines = partitions.map(({ partition, files, rows, bytes }) => [partition, `${files}`, countText(rows), sizeText(bytes)])
    for (const line of asTable(head, lines)) console.log(line)
    for (const line of asTable(
      ['writer', 'at'],
      writers.map(({ appId, version: at }) => [appId, at]),
    ))
      console.log(line)
    return 0
  })
