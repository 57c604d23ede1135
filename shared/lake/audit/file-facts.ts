import type { Add } from '../../delta/action.ts'

/** What the log says of a file of ticks; a range is undefined where its writer did not say it. */
export type FileFacts = {
  readonly add: Add
  readonly rows: number | undefined
  readonly sequences: Range | undefined
  readonly epochs: Range | undefined
  /** The times of its ticks, ISO 8601. */
  readonly times: readonly [least: string, greatest: string] | undefined
  /** The greatest place of a tick within its message: 0 where every message holds one tick. */
  readonly line: number | undefined
}
type Range = readonly [least: number, greatest: number]

type Stats = {
  readonly numRecords?: number
  readonly minValues?: Readonly<Record<string, unknown>>
  readonly maxValues?: Readonly<Record<string, unknown>>
}

/** Reads a file's statistics: its rows are not looked at. */
export function factsOf(add: Add): FileFacts {
  const { numRecords, minValues = {}, maxValues = {} } = JSON.parse(add.stats ?? '{}') as Stats
  const range = (name: string): Range | undefined => {
    const [least, greatest] = [minValues[name], maxValues[name]]
    return typeof least === 'number' && typeof greatest === 'number' ? [least, greatest] : undefined
  }
  const [from, to] = [minValues.timestamp, maxValues.timestamp]
  return {
    add,
    rows: numRecords,
    sequences: range('stream_seq'),
    epochs: range('stream_epoch'),
    times: typeof from === 'string' && typeof to === 'string' ? [from, to] : undefined,
    line: range('stream_line')?.[1],
  }
}

/** Files of one partition, all of them together. A number is null where it is not known of all. */
export type PartitionFacts = {
  readonly partition: string
  readonly files: number
  readonly rows: number | null
  readonly bytes: number
  readonly from: number | null
  readonly to: number | null
  readonly earliest: string | null
  readonly latest: string | null
}

/** By partition, in the order of their names. Sequences are those of the newest epoch that a partition has. */
export function partitionsOf(files: readonly FileFacts[]): PartitionFacts[] {
  const byName = Map.groupBy(files, ({ add }) => Object.values(add.partitionValues).join(', '))
  return [...byName]
    .map(([partition, all]) => {
      const epoch = Math.max(...all.map(({ epochs }) => epochs?.[1] ?? 0))
      const newest = all.filter(({ epochs }) => epochs?.[1] === epoch)
      return {
        partition,
        files: all.length,
        rows: sumOf(all.map(({ rows }) => rows)),
        bytes: all.reduce((sum, { add }) => sum + add.size, 0),
        from: leastOf(newest.map(({ sequences }) => sequences?.[0])),
        to: leastOf(
          newest.map(({ sequences }) => sequences && -sequences[1]),
          -1,
        ),
        earliest: all.reduce<string | null>((a, { times }) => (times && (a === null || times[0] < a) ? times[0] : a), null),
        latest: all.reduce<string | null>((a, { times }) => (times && (a === null || times[1] > a) ? times[1] : a), null),
      }
    })
    .sort((a, b) => (a.partition < b.partition ? -1 : 1))
}

const sumOf = (values: readonly (number | undefined)[]): number | null =>
  values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0)

function leastOf(values: readonly (number | undefined)[], sign = 1): number | null {
  if (values.length === 0 || values.includes(undefined)) return null
  return sign * Math.min(...(values as readonly number[]))
}
