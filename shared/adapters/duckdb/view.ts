import type { SqlTable } from '../../ports/sql-engine.ts'

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
export const list = (texts: readonly string[]): string => `[${texts.map(literal).join(', ')}]`

/**
 * A table as a view of its files. Columns that a file lacks are null; columns that the table does not have are not seen; a partition's values come from
 * the files' paths.
 */
export function viewOf({ name, columns, partitionedBy, files }: SqlTable): string {
  const partition = new Set(partitionedBy)
  const nothing = columns
    .map((column) => `NULL::${partition.has(column.name) ? 'VARCHAR' : column.type} AS ${quoted(column.name)}`)
    .join(', ')
  const types = `{${partitionedBy.map((column) => `${literal(column)}: VARCHAR`).join(', ')}}`
  const hive = partitionedBy.length > 0 ? `hive_partitioning = true, hive_types = ${types}` : 'hive_partitioning = false'
  const rows = files.length > 0 ? ` UNION ALL BY NAME SELECT * FROM read_parquet(${list(files)}, ${hive}, union_by_name = true)` : ''
  const selected = columns.map((column) =>
    partition.has(column.name) && column.type !== 'VARCHAR'
      ? `${quoted(column.name)}::${column.type} AS ${quoted(column.name)}`
      : quoted(column.name),
  )
  return `CREATE VIEW ${quoted(name)} AS SELECT ${selected.join(', ')} FROM (SELECT ${nothing} WHERE false${rows})`
}
