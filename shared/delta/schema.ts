import { TerminalError } from '../runtime/errors.ts'

/** The types that this module writes ("Schema Serialization Format"); a table may have columns of others, as long as they may be null. */
export type ColumnType = 'string' | 'long' | 'integer' | 'double' | 'boolean' | 'timestamp' | 'date' | 'array<string>'
export type Column = { readonly name: string; readonly type: ColumnType; readonly nullable: boolean }

type Field = {
  readonly name: string
  readonly type: unknown
  readonly nullable: boolean
  readonly metadata?: Readonly<Record<string, unknown>>
}

const typeOf = (type: ColumnType): unknown =>
  type === 'array<string>' ? { type: 'array', elementType: 'string', containsNull: true } : type

const fieldOf = ({ name, type, nullable }: Column): Field => ({ name, type: typeOf(type), nullable, metadata: {} })

const toText = (fields: readonly Field[]): string => JSON.stringify({ type: 'struct', fields })

/** The schema of a new table. */
export const toSchemaString = (columns: readonly Column[]): string => toText(columns.map(fieldOf))

/** The fields of a table, those of unknown types included. */
export const fieldsOf = (schemaString: string): Field[] => (JSON.parse(schemaString) as { fields: Field[] }).fields

/** The columns of a table whose types this module knows. */
export function columnsOf(schemaString: string): Column[] {
  return fieldsOf(schemaString).flatMap(({ name, type, nullable }) => {
    const known = knownType(type)
    return known ? [{ name, type: known, nullable }] : []
  })
}

/** How many columns a table has, those of unknown types included. */
export const columnCount = (schemaString: string): number => fieldsOf(schemaString).length

const PLAIN: readonly unknown[] = ['string', 'long', 'integer', 'double', 'boolean', 'timestamp', 'date']

function knownType(type: unknown): ColumnType | undefined {
  if (PLAIN.includes(type)) return type as ColumnType
  const { type: outer, elementType } = (type ?? {}) as { type?: unknown; elementType?: unknown }
  return outer === 'array' && elementType === 'string' ? 'array<string>' : undefined
}

/**
 * The schema of a table that rows with these columns can be appended to: the table's own, and behind it those it lacks, which its files have as null.
 * @returns undefined where nothing has to change.
 * @throws {TerminalError} ERR_CONFIG where a column has another type there, a new one may not be null, or the table demands one that the rows do not have.
 */
export function evolve(schemaString: string, columns: readonly Column[]): string | undefined {
  const fields = fieldsOf(schemaString)
  const there = new Map(fields.map((field) => [field.name.toLowerCase(), field]))
  const wanted = new Map(columns.map((column) => [column.name.toLowerCase(), column]))
  for (const [name, field] of there) {
    const column = wanted.get(name)
    if (!column && !field.nullable) throw refused(`demands a column ${field.name}`)
    if (column && JSON.stringify(knownType(field.type)) !== JSON.stringify(column.type))
      throw refused(`has the column ${field.name} as ${JSON.stringify(field.type)}, not as ${column.type}`)
    if (column && field.name !== column.name)
      throw refused(`has the column ${field.name}, which differs from ${column.name} in its case only`)
    if (column?.nullable && !field.nullable) throw refused(`takes no nulls in the column ${field.name}`)
  }
  const lacking = columns.filter(({ name }) => !there.has(name.toLowerCase()))
  const [strict] = lacking.filter(({ nullable }) => !nullable)
  if (strict) throw refused(`lacks the column ${strict.name}, and its rows have none that is not null`)
  return lacking.length === 0 ? undefined : toText([...fields, ...lacking.map(fieldOf)])
}

const refused = (why: string) => new TerminalError('ERR_CONFIG', `the table ${why}`)
