import type { ObjectStore } from '../ports/object-store.ts'
import type { Codec, Parquet } from '../ports/parquet.ts'
import { RetryableError } from '../runtime/errors.ts'
import type { Action, Add, PartitionValues } from './action.ts'
import { DataFile } from './data-file.ts'
import { keyOfPath } from './path.ts'
import { type Column, columnCount, columnsOf } from './schema.ts'
import type { Snapshot } from './snapshot.ts'
import type { Values } from './stats.ts'
import type { Writer } from './writer.ts'

type Options = {
  readonly store: ObjectStore
  readonly parquet: Parquet
  readonly key: string
  readonly codec: Codec
  /** What a file should hold; one that is half as large is left as it is. */
  readonly targetBytes: number
  /** How many small files of a partition are worth a rewrite; two unless given. */
  readonly leastFiles?: number
  /** Columns that rows are sorted by, so that readers can leave out most of a file. */
  readonly sortBy: readonly string[]
  /** Begins no further partition after this. */
  readonly untilMs: number
}

export type Optimized = { readonly removed: number; readonly added: number; readonly rows: number; readonly done: boolean }

/** Rows of a group: readers skip by groups. */
const GROUP_ROWS = 131_072
/** Rows of a file: all of them are in memory while they are sorted. */
const MOST_ROWS = 4_000_000

/**
 * Rewrites the small files of each partition into few sorted ones, a commit each time ("OPTIMIZE": the rows stay what they are, `dataChange` is false).
 * A writer never loses to it: where one of its files has gone meanwhile, it is this that gives up.
 */
export async function optimize(writer: Writer, options: Options): Promise<Optimized> {
  const total = { removed: 0, added: 0, rows: 0, done: true }
  for (const files of bins(await writer.snapshot(), options)) {
    if (Date.now() > options.untilMs) return { ...total, done: false }
    const rewritten = await rewrite(writer, files, options)
    if (!rewritten) continue
    total.removed += files.length
    total.added += rewritten.added
    total.rows += rewritten.rows
  }
  return total
}

/** Files of one partition that together fill one, oldest first. */
function bins({ files }: Snapshot, { targetBytes, leastFiles = 2 }: Options): Add[][] {
  const partitions = new Map<string, Add[]>()
  for (const add of files.values()) {
    if (add.size > targetBytes / 2) continue
    const name = JSON.stringify(Object.entries(add.partitionValues).sort())
    const there = partitions.get(name)
    if (there) there.push(add)
    else partitions.set(name, [add])
  }
  return [...partitions.values()].flatMap((small) => {
    const made: Add[][] = []
    let bytes = Number.POSITIVE_INFINITY
    let rows = 0
    for (const add of small.sort((a, b) => a.modificationTime - b.modificationTime)) {
      if (bytes + add.size > targetBytes || rows + rowsOf(add) > MOST_ROWS) {
        made.push([])
        bytes = 0
        rows = 0
      }
      made.at(-1)!.push(add)
      bytes += add.size
      rows += rowsOf(add)
    }
    return made.filter((bin) => bin.length >= leastFiles)
  })
}

const rowsOf = ({ stats }: Add): number => Number((JSON.parse(stats ?? '{}') as { numRecords?: number }).numRecords ?? 0)

async function rewrite(writer: Writer, files: readonly Add[], options: Options): Promise<{ added: number; rows: number } | undefined> {
  const { store, parquet, key, codec, sortBy } = options
  const { metaData } = await writer.snapshot()
  const { partitionValues } = files[0]!
  const all = columnsOf(metaData!.schemaString)
  // A column whose type is not known here would be lost.
  if (all.length < columnCount(metaData!.schemaString)) return undefined
  const columns = all.filter(({ name }) => !(name in partitionValues))
  const groups: Record<string, Values>[] = []
  for (const add of files) {
    const bytes = await store.get(keyOfPath(add.path, key))
    if (!bytes) throw new RetryableError('ERR_UNAVAILABLE', `${add.path} is not there, though the table names it`)
    for await (const group of parquet.groups(bytes, columns)) groups.push(group)
  }
  const file = sorted(groups, columns, partitionValues, { parquet, codec, sortBy })
  const { add, bytes } = file.finish(Date.now(), false)
  await store.put(keyOfPath(add.path, key), bytes)
  const actions = (deletionTimestamp: number): Action[] => [
    ...files.map(({ path, partitionValues, size }) => ({
      remove: { path, deletionTimestamp, dataChange: false, extendedFileMetadata: true, partitionValues, size },
    })),
    { add },
  ]
  const isDone = ({ files: live }: Snapshot) => live.has(add.path)
  const { version } = await writer.commit((snapshot) => {
    const isWhole = files.every(({ path }) => snapshot.files.has(path))
    const isSame = snapshot.metaData?.schemaString === metaData!.schemaString
    return isWhole && isSame ? { operation: 'OPTIMIZE', actions: actions(Date.now()) } : undefined
  })
  if (version === undefined && !isDone(await writer.snapshot())) return undefined
  return { added: 1, rows: file.rows }
}

function sorted(
  groups: readonly Record<string, Values>[],
  columns: readonly Column[],
  partitionValues: PartitionValues,
  { parquet, codec, sortBy }: Pick<Options, 'parquet' | 'codec' | 'sortBy'>,
): DataFile {
  const lengths = groups.map((group) => group[columns[0]!.name]!.length)
  const rows = lengths.reduce((a, b) => a + b, 0)
  const groupAt = new Uint32Array(rows)
  const rowAt = new Uint32Array(rows)
  let at = 0
  for (const [i, length] of lengths.entries())
    for (let k = 0; k < length; k++, at++) {
      groupAt[at] = i
      rowAt[at] = k
    }
  const value = (name: string, row: number) => groups[groupAt[row]!]![name]![rowAt[row]!]!
  const order = Uint32Array.from({ length: rows }, (_, i) => i).sort((a, b) => {
    for (const name of sortBy) {
      const x = value(name, a)
      const y = value(name, b)
      if (x === y) continue
      return x === null ? -1 : y === null ? 1 : x < y ? -1 : 1
    }
    return a - b
  })
  const file = new DataFile({ parquet, columns: [...columns], partitionValues, codec })
  for (let from = 0; from < rows; from += GROUP_ROWS) {
    const part = order.subarray(from, from + GROUP_ROWS)
    file.write(part.length, Object.fromEntries(columns.map(({ name }) => [name, Array.from(part, (row) => value(name, row))])))
  }
  return file
}
