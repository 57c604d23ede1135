import type { Add } from './action.ts'
import type { Column } from './schema.ts'

/** A column's values as files take them: null where there is none; timestamps are µs since the epoch, dates days. */
export type Values = ArrayLike<string | number | bigint | boolean | readonly string[] | null>

/** Least and greatest of a column's values, and how many are null. `unordered`: there are numbers among them that have no place in an order or in JSON. */
export type Range = { min?: string | number | bigint; max?: string | number | bigint; nulls: number; unordered: boolean }

/** The length that readers cut texts to as well: longer ones cost more than they save. */
const MOST_TEXT = 32
/** Above every character of a text that was cut: the greatest code point. */
const TOP = '\u{10FFFF}'

/** How many rows a file has, as its writer said; 0 where that is not known. */
export const rowsOf = ({ stats }: Pick<Add, 'stats'>): number => Number(/"numRecords"\s*:\s*(\d+)/.exec(stats ?? '')?.[1] ?? 0)

/** What the values of a file are like ("Per-file Statistics"): readers leave out files that cannot hold what they seek. */
export class Stats {
  #rows = 0
  readonly #columns: readonly Column[]
  readonly #ranges: Range[]

  constructor(columns: readonly Column[]) {
    this.#columns = columns
    this.#ranges = columns.map(() => ({ nulls: 0, unordered: false }))
  }

  /** Takes the rows of one group. @returns the range of each column in that group. */
  add(values: Readonly<Record<string, Values>>): Record<string, Range> {
    const ranges: Record<string, Range> = {}
    for (const [i, { name, type }] of this.#columns.entries()) {
      const column = values[name]!
      if (i === 0) this.#rows += column.length
      const isOrdered = type !== 'array<string>' && type !== 'boolean'
      const range = isOrdered ? rangeOf(column as ArrayLike<string | number | bigint | null>) : { nulls: nullsIn(column), unordered: true }
      ranges[name] = range
      join(this.#ranges[i]!, range)
    }
    return ranges
  }

  /** As an `add` action says it. */
  toString(): string {
    const minValues: Record<string, unknown> = {}
    const maxValues: Record<string, unknown> = {}
    const nullCount: Record<string, number> = {}
    for (const [i, { name, type }] of this.#columns.entries()) {
      const { min, max, nulls, unordered } = this.#ranges[i]!
      nullCount[name] = nulls
      if (min === undefined || max === undefined || unordered) continue
      minValues[name] = type === 'timestamp' ? isoOf(min as bigint, false) : type === 'date' ? dateOf(min as number) : lowerBound(min)
      const upper = type === 'timestamp' ? isoOf(max as bigint, true) : type === 'date' ? dateOf(max as number) : upperBound(max)
      if (upper !== undefined) maxValues[name] = upper
    }
    return JSON.stringify({ numRecords: this.#rows, minValues, maxValues, nullCount }, (_, value) =>
      typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value,
    )
  }
}

const nullsIn = (values: Values): number => Array.from(values).reduce<number>((sum, value) => (value === null ? sum + 1 : sum), 0)

function rangeOf(values: ArrayLike<string | number | bigint | null>): Range {
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

function join(range: Range, { min, max, nulls, unordered }: Range): void {
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

const lowerBound = (value: string | number | bigint) => (typeof value === 'string' ? cut(value) : value)

/** A text that is cut is closed by a character above all; one that begins with that character has no bound. */
function upperBound(value: string | number | bigint) {
  if (typeof value !== 'string' || [...value].length <= MOST_TEXT) return value
  return value.startsWith(TOP) ? undefined : cut(value) + TOP
}

const cut = (text: string): string => [...text].slice(0, MOST_TEXT).join('')

/** Readers take ms: the least is rounded down, the greatest up. */
function isoOf(micros: bigint, up: boolean): string {
  const floor = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n)
  const ms = up && floor * 1000n < micros ? floor + 1n : floor
  return new Date(Number(ms)).toISOString()
}

const dateOf = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10)
