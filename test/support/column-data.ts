import type { ColumnData } from '../../shared/delta/column-data.ts'
import type { Column } from '../../shared/delta/schema.ts'

/** Values as the form for columns of their type that costs no object a row. */
export function compact(type: Column['type'], values: readonly (string | number | null)[]): ColumnData {
  if (type !== 'string')
    return { kind: 'numbers', values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) }
  const parts = values.map((value) => (value === null ? null : new TextEncoder().encode(String(value))))
  return {
    kind: 'texts',
    bytes: Buffer.concat(parts.filter((part) => part !== null)),
    lengths: Int32Array.from(parts, (part) => part?.length ?? -1),
  }
}

/** Texts as a list of the different ones, and which of them each row has. */
export function coded(values: readonly (string | null)[]): ColumnData {
  const texts = ['never used', ...new Set(values.filter((value) => value !== null))]
  return { kind: 'coded', texts, codes: Int32Array.from(values, (value) => (value === null ? -1 : texts.indexOf(value))) }
}
