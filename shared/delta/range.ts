import { type Coded, type ColumnData, isPlain, type Numbers, type Texts, type Values } from './column-data.ts'
import type { ColumnType } from './schema.ts'

/** Least and greatest of a column's values, and how many are null. `unordered`: there are numbers among them that have no place in an order or in JSON. */
export type Range = { min?: string | number | bigint; max?: string | number | bigint; nulls: number; unordered: boolean }

/** The range of a column. */
export function rangeOf(data: ColumnData, type: ColumnType): Range {
  if (isPlain(data)) {
    const isOrdered = type !== 'array<string>' && type !== 'boolean'
    return isOrdered ? rangeOfPlain(data as ArrayLike<string | number | bigint | null>) : { nulls: nullsIn(data), unordered: true }
  }
  if (data.kind === 'numbers') return rangeOfNumbers(data)
  return data.kind === 'coded' ? rangeOfCoded(data) : rangeOfTexts(data)
}

const nullsIn = (values: Values): number => Array.from(values).reduce<number>((sum, value) => (value === null ? sum + 1 : sum), 0)

function rangeOfPlain(values: ArrayLike<string | number | bigint | null>): Range {
  let min: string | number | bigint | undefined
  let max: string | number | bigint | undefined
  let nulls = 0
  let unordered = false
  let before: unknown
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value === null) {
      nulls++
      continue
    }
    // Runs of one value are what sorted columns are made of.
    if (value === before) continue
    before = value
    if (typeof value === 'number' && !Number.isFinite(value)) unordered = true
    else if (min === undefined || max === undefined) min = max = value
    else if (precedes(value, min)) min = value
    else if (precedes(max, value)) max = value
  }
  return { ...(min !== undefined && max !== undefined && { min, max }), nulls, unordered }
}

function rangeOfNumbers({ values }: Numbers): Range {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let nulls = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
    if (Number.isNaN(value)) nulls++
  }
  const unordered = nulls < values.length && !(min > Number.NEGATIVE_INFINITY && max < Number.POSITIVE_INFINITY)
  return { ...(!unordered && nulls < values.length && { min, max }), nulls, unordered }
}

function rangeOfCoded({ texts, codes }: Coded): Range {
  const used = new Uint8Array(texts.length)
  let nulls = 0
  for (let i = 0; i < codes.length; i++)
    if (codes[i]! < 0) nulls++
    else used[codes[i]!] = 1
  return { ...rangeOfPlain(texts.filter((_, code) => used[code] === 1)), nulls }
}

/** Compares bytes, whose order is that of the texts. */
function rangeOfTexts({ bytes, lengths }: Texts): Range {
  let [min, max]: [Uint8Array | undefined, Uint8Array | undefined] = [undefined, undefined]
  let nulls = 0
  let at = 0
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!
    if (length < 0) {
      nulls++
      continue
    }
    if (max === undefined || compareBytes(bytes, at, length, max) > 0) max = bytes.subarray(at, at + length)
    else if (compareBytes(bytes, at, length, min ?? max) < 0) min = bytes.subarray(at, at + length)
    min ??= max
    at += length
  }
  return { ...(min && max && { min: utf8.decode(min), max: utf8.decode(max) }), nulls, unordered: false }
}

const utf8 = new TextDecoder()

function compareBytes(bytes: Uint8Array, at: number, length: number, other: Uint8Array): number {
  const both = Math.min(length, other.length)
  for (let i = 0; i < both; i++) if (bytes[at + i] !== other[i]) return bytes[at + i]! - other[i]!
  return length - other.length
}

/** Widens a range by that of other values. */
export function join(range: Range, { min, max, nulls, unordered }: Range): void {
  range.nulls += nulls
  range.unordered ||= unordered
  if (min === undefined || max === undefined) return
  if (range.min === undefined || precedes(min, range.min)) range.min = min
  if (range.max === undefined || precedes(range.max, max)) range.max = max
}

const precedes = (a: string | number | bigint, b: string | number | bigint): boolean =>
  typeof a === 'string' && typeof b === 'string' ? compareUtf8(a, b) < 0 : a < b

/** The order of texts by their UTF-8 bytes, which is that of their code points, not of their UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdfff
    return isHigh(x) === isHigh(y) ? x - y : isHigh(x) ? 1 : -1
  }
  return a.length - b.length
}
