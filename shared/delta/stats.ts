import type { Add } from './action.ts'
import { type ColumnData, lengthOf } from './column-data.ts'
import { join, type Range, rangeOf } from './range.ts'
import type { Column } from './schema.ts'

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
  add(values: Readonly<Record<string, ColumnData>>): Record<string, Range> {
    const ranges: Record<string, Range> = {}
    for (const [i, { name, type }] of this.#columns.entries()) {
      const column = values[name]!
      if (i === 0) this.#rows += lengthOf(column)
      const range = rangeOf(column, type)
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
      minValues[name] = type === 'timestamp' ? isoOf(BigInt(min), false) : type === 'date' ? dateOf(min as number) : lowerBound(min)
      const upper = type === 'timestamp' ? isoOf(BigInt(max), true) : type === 'date' ? dateOf(max as number) : upperBound(max)
      if (upper !== undefined) maxValues[name] = upper
    }
    return JSON.stringify({ numRecords: this.#rows, minValues, maxValues, nullCount }, (_, value) =>
      typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value,
    )
  }
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
