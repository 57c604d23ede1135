import { fieldsOf } from '../../delta/schema.ts'
import type { SqlColumn } from '../../ports/sql-engine.ts'

/** The columns of a table in SQL; those of types that have none are left out. */
export const sqlColumns = (schemaString: string): SqlColumn[] =>
  fieldsOf(schemaString).flatMap(({ name, type }) => {
    const known = sqlType(type)
    return known === undefined ? [] : [{ name, type: known }]
  })

const PLAIN: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  long: 'BIGINT',
  integer: 'INTEGER',
  short: 'SMALLINT',
  byte: 'TINYINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
}

function sqlType(type: unknown): string | undefined {
  if (typeof type === 'string') {
    const [, precision, scale] = /^decimal\((\d+),\s*(\d+)\)$/.exec(type) ?? []
    return precision === undefined ? PLAIN[type] : `DECIMAL(${precision},${scale})`
  }
  const { type: outer, elementType } = (type ?? {}) as { readonly type?: string; readonly elementType?: unknown }
  const inner = outer === 'array' ? sqlType(elementType) : undefined
  return inner && `${inner}[]`
}
