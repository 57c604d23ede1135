import { TerminalError } from '../../runtime/errors.ts'
import { type Condition, conditionOf } from './condition.ts'

/** A part of a statement as DuckDB's parser has it (json_serialize_sql): plain objects that say in `type` what they are. */
type Tree = { readonly type?: string; readonly [name: string]: unknown }

/** One place of a statement that reads a table, and what rows must be like to matter there; undefined where that is not known. */
export type Reading = { readonly table: string; readonly where: Condition | undefined }

/** Functions in place of a table that make rows of their arguments alone. */
const MAKERS = new Set(['range', 'generate_series', 'unnest', 'json_each', 'json_tree'])
/** Functions that tell of the process, or leave something behind in it. */
const NOT_CALLED = new Set(['current_setting', 'getenv', 'getvariable', 'nextval', 'currval', 'setseed', 'write_log'])
const SHOWN = new Set(['DESCRIBE', 'SUMMARY'])

const MOST_TEXT = 80

/**
 * What a statement reads.
 * @throws {TerminalError} ERR_SQL when it is no statement, ERR_FORBIDDEN when it is anything but one read of tables of the lake.
 */
export function readingsOf(parsed: unknown): Reading[] {
  const {
    error,
    error_type,
    error_message,
    statements = [],
  } = parsed as {
    readonly error: boolean
    readonly error_type?: string
    readonly error_message?: string
    readonly statements?: readonly Tree[]
  }
  if (error && error_type === 'not implemented') throw forbidden('only a SELECT is run here (or WITH, FROM, VALUES, DESCRIBE, SUMMARIZE)')
  if (error) throw new TerminalError('ERR_SQL', error_message ?? 'this is no SQL')
  if (statements.length !== 1) throw forbidden(`one statement is run at a time, not ${statements.length}`)
  const readings: Reading[] = []
  walk(statements[0]!.node, new Set(), readings)
  return readings
}

function walk(part: unknown, named: ReadonlySet<string>, readings: Reading[], where?: Where): void {
  if (Array.isArray(part)) for (const one of part) walk(one, named, readings)
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return
  const tree = part as Tree
  check(tree)
  if (tree.type === 'BASE_TABLE') {
    read(tree, named, readings, where)
    return
  }
  const inner = withNames(tree, named, readings)
  for (const [name, child] of Object.entries(tree)) {
    if (name === 'cte_map') continue
    const isSource = name === 'from_table' && tree.type === 'SELECT_NODE'
    const isSide = (name === 'left' || name === 'right') && tree.type === 'JOIN'
    if (isSource) walk(child, inner, readings, { condition: tree.where_clause, single: true })
    else if (isSide) walk(child, inner, readings, where && keepsMeaning(tree, name) ? { ...where, single: false } : undefined)
    else walk(child, inner, readings)
  }
}

/** What rows of a FROM must meet. `single`: there is one table, so a name without a table is of it. */
type Where = { readonly condition: unknown; readonly single: boolean }

/**
 * Whether leaving out rows of one side that fail WHERE changes nothing: not where a row's partner is chosen by its place among the others, nor where it is
 * asked whether there is a partner at all.
 */
const keepsMeaning = ({ ref_type, join_type }: Tree, side: string): boolean =>
  (ref_type === 'REGULAR' || ref_type === 'CROSS') &&
  (side === 'left' ? join_type !== 'SINGLE' : !['SEMI', 'ANTI', 'MARK', 'SINGLE'].includes(String(join_type)))

/** The names that WITH gives, each seen by those after it. */
function withNames({ cte_map, type, cte_name }: Tree, named: ReadonlySet<string>, readings: Reading[]): ReadonlySet<string> {
  const { map = [] } = (cte_map ?? {}) as { readonly map?: readonly { readonly key: string; readonly value: Tree }[] }
  const inner = new Set(named)
  if (type === 'RECURSIVE_CTE_NODE') inner.add(String(cte_name).toLowerCase())
  for (const { key, value } of map) {
    walk(value, inner, readings)
    inner.add(key.toLowerCase())
  }
  return inner
}

function read(
  { table_name, schema_name, catalog_name, alias, column_name_alias, sample, at_clause }: Tree,
  named: ReadonlySet<string>,
  readings: Reading[],
  where?: Where,
): void {
  const name = String(table_name)
  const table = name.toLowerCase()
  if (schema_name || catalog_name)
    throw forbidden(`tables of the lake have no schema: ${cut([catalog_name, schema_name, name].filter(Boolean).join('.'))}`)
  if (named.has(table)) return
  if (!/^[a-z_][a-z0-9_]*$/.test(table)) throw forbidden(`${cut(name)} is no table of the lake: files and addresses are not read`)
  if (at_clause) throw new TerminalError('ERR_REQUEST', 'an older version is asked for with the parameter version, not with AT')
  const isPlain = !sample && !(column_name_alias as readonly unknown[] | undefined)?.length
  const of = { names: [String(alias || table).toLowerCase()], single: where?.single ?? false }
  readings.push({ table, where: where && isPlain ? conditionOf(where.condition, of) : undefined })
}

function check({ type, function_name, function: called, show_type, query }: Tree): void {
  if (type === 'TABLE_FUNCTION') {
    const name = String((called as Tree).function_name).toLowerCase()
    if (!MAKERS.has(name)) throw forbidden(`${cut(name)}() is not a table of the lake`)
  }
  if (type === 'SHOW_REF' && !(SHOWN.has(String(show_type)) && query))
    throw forbidden('of SHOW and DESCRIBE only DESCRIBE and SUMMARIZE of a table are run')
  if (type === 'FUNCTION' && NOT_CALLED.has(String(function_name).toLowerCase()))
    throw forbidden(`${cut(String(function_name))}() is not called here`)
}

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text)
const forbidden = (why: string) => new TerminalError('ERR_FORBIDDEN', why)
