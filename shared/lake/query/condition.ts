/**
 * What is known of the rows that a statement is after: all of, or any of, several conditions; or that a column's value lies within bounds. Whatever else
 * WHERE says is left out of it, which makes it wider, never narrower.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly column: string; readonly least?: Bound | undefined; readonly most?: Bound | undefined }

/** A constant of a statement: a text, and the type it was cast to, if any. */
export type Bound = { readonly text: string; readonly type: string }

/** Whose columns are meant: those under this name, and those under none where there is one table only. */
export type Of = { readonly names: readonly string[]; readonly single: boolean }

type Expression = { readonly class?: string; readonly type?: string; readonly [name: string]: unknown }

/** Reads a WHERE as far as it is of columns and constants. @returns undefined where nothing of it is. */
export function conditionOf(where: unknown, of: Of): Condition | undefined {
  const expression = (where ?? {}) as Expression
  const children = (expression.children ?? []) as readonly unknown[]
  switch (expression.type) {
    case 'CONJUNCTION_AND': {
      const known = children.flatMap((child) => conditionOf(child, of) ?? [])
      return known.length > 0 ? { all: known } : undefined
    }
    case 'CONJUNCTION_OR': {
      const known = children.map((child) => conditionOf(child, of))
      return known.every((one) => one !== undefined) ? { any: known } : undefined
    }
    case 'COMPARE_BETWEEN':
      return between(columnOf(expression.input, of), boundOf(expression.lower), boundOf(expression.upper))
    case 'COMPARE_IN': {
      const column = columnOf(children[0], of)
      const bounds = children.slice(1).map(boundOf)
      if (column === undefined || !bounds.every((bound) => bound !== undefined)) return undefined
      return { any: bounds.map((bound) => ({ column, least: bound, most: bound })) }
    }
    default:
      return comparison(expression, of)
  }
}

const FLIPPED: Record<string, string> = {
  COMPARE_EQUAL: 'COMPARE_EQUAL',
  COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
  COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
}

function comparison({ type = '', left, right }: Expression, of: Of): Condition | undefined {
  if (!(type in FLIPPED)) return undefined
  const onLeft = columnOf(left, of)
  const column = onLeft ?? columnOf(right, of)
  const bound = boundOf(onLeft === undefined ? left : right)
  if (column === undefined || bound === undefined) return undefined
  const kind = onLeft === undefined ? FLIPPED[type]! : type
  // An open bound is taken as a closed one: a file more, never one less.
  return { column, least: kind.includes('LESS') ? undefined : bound, most: kind.includes('GREATER') ? undefined : bound }
}

const between = (column: string | undefined, least: Bound | undefined, most: Bound | undefined): Condition | undefined =>
  column === undefined || (!least && !most) ? undefined : { column, least, most }

function columnOf(expression: unknown, { names, single }: Of): string | undefined {
  const { type, column_names = [] } = (expression ?? {}) as { readonly type?: string; readonly column_names?: readonly string[] }
  if (type !== 'COLUMN_REF') return undefined
  const [first, second, third] = column_names.map((name) => name.toLowerCase())
  if (second === undefined) return single ? first : undefined
  return third === undefined && names.includes(first!) ? second : undefined
}

function boundOf(expression: unknown): Bound | undefined {
  const { type, value, child, cast_type, try_cast } = (expression ?? {}) as Expression
  if (type === 'VALUE_CONSTANT') {
    const constant = value as { readonly type: { readonly id: string }; readonly is_null: boolean; readonly value?: unknown }
    const { id } = constant.type
    return !constant.is_null && id === 'VARCHAR' && typeof constant.value === 'string' ? { text: constant.value, type: id } : undefined
  }
  const to = (cast_type as { readonly id?: string } | undefined)?.id
  if (type !== 'OPERATOR_CAST' || to === undefined || try_cast) return undefined
  const inner = boundOf(child)
  return inner?.type === 'VARCHAR' ? { text: inner.text, type: to } : undefined
}
