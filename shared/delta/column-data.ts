/** A column's values as files take them: null where there is none; timestamps are µs since the epoch, dates days. */
export type Values = ArrayLike<string | number | bigint | boolean | readonly string[] | null>

/** Numbers: those that are NaN are null. Longs and timestamps too, where doubles hold them exactly. */
export type Numbers = { readonly kind: 'numbers'; readonly values: Float64Array }

/** Texts of which there are few: for each row the place of its text in `texts`, -1 for null. */
export type Coded = { readonly kind: 'coded'; readonly texts: readonly string[]; readonly codes: Int32Array }

/** Texts that differ: their UTF-8 bytes one after the other, and for each row how many are its own, -1 for null. */
export type Texts = { readonly kind: 'texts'; readonly bytes: Uint8Array; readonly lengths: Int32Array }

/** A column as it is written: plain values, or a form that costs no object a row. */
export type ColumnData = Values | Numbers | Coded | Texts

export const isPlain = (data: ColumnData): data is Values => !('kind' in data)

/** The rows of a column. */
export function lengthOf(data: ColumnData): number {
  if (isPlain(data)) return data.length
  return data.kind === 'numbers' ? data.values.length : data.kind === 'coded' ? data.codes.length : data.lengths.length
}
