import type { ObjectStore } from '../ports/object-store.ts'
import type { Codec, Parquet, ParquetGroup } from '../ports/parquet.ts'
import { RetryableError } from '../runtime/errors.ts'
import type { Action, Add } from './action.ts'
import { type Bin, type BinOptions, GROUP_ROWS, nextBin, tagsOf } from './bins.ts'
import { DataFile } from './data-file.ts'
import { merge } from './merge.ts'
import { keyOfPath } from './path.ts'
import { type Column, columnCount, columnsOf } from './schema.ts'
import type { Writer } from './writer.ts'

type Options = BinOptions & {
  readonly store: ObjectStore
  readonly parquet: Parquet
  readonly key: string
  readonly codec: Codec
  /** Begins no further rewrite after this. */
  readonly untilMs: number
}

/** `bytes`: of the files that were removed. */
export type Optimized = {
  readonly removed: number
  readonly added: number
  readonly rows: number
  readonly bytes: number
  readonly done: boolean
}

/** Files opened side by side. */
const AT_ONCE = 16

/**
 * Rewrites the small files of each partition into few sorted ones, a commit each time ("OPTIMIZE": the rows stay what they are, `dataChange` is false).
 * A writer never loses to it: where one of its files has gone meanwhile, it is this that gives up. What one rewrite reads, and so how long it takes, is
 * bounded by the size of two files; what it holds by one and by half a million rows.
 */
export async function optimize(writer: Writer, options: Options): Promise<Optimized> {
  const total = { removed: 0, added: 0, rows: 0, bytes: 0 }
  const passed = new Set<string>()
  for (;;) {
    const bin = nextBin((await writer.snapshot()).files.values(), options, passed)
    if (!bin) return { ...total, done: true }
    if (Date.now() > options.untilMs) return { ...total, done: false }
    const made = await rewrite(writer, bin, options)
    if (!made) passed.add(bin.partition)
    else {
      total.removed += bin.files.length
      total.added += made.added
      total.rows += made.rows
      total.bytes += bin.files.reduce((sum, { size }) => sum + size, 0)
    }
  }
}

/** @returns undefined where the files are no longer all there, or hold what is not known here. */
async function rewrite(writer: Writer, { files }: Bin, options: Options): Promise<{ added: number; rows: number } | undefined> {
  const { metaData } = await writer.snapshot()
  const { partitionValues } = files[0]!
  const all = columnsOf(metaData!.schemaString)
  // A column whose type is not known here would be lost.
  if (all.length < columnCount(metaData!.schemaString)) return undefined
  const columns = all.filter(({ name }) => !(name in partitionValues))
  const groups = await opened(files, columns, options)
  const adds = await written(groups, files, columns, options)
  const actions = (deletionTimestamp: number): Action[] => [
    ...files.map(({ path, partitionValues, size, tags }) => ({
      remove: { path, deletionTimestamp, dataChange: false, extendedFileMetadata: true, partitionValues, size, ...(tags && { tags }) },
    })),
    ...adds.map((add) => ({ add })),
  ]
  const { version } = await writer.commit((snapshot) => {
    const isWhole = files.every(({ path }) => snapshot.files.has(path))
    const isSame = snapshot.metaData?.schemaString === metaData!.schemaString
    return isWhole && isSame ? { operation: 'OPTIMIZE', actions: actions(Date.now()) } : undefined
  })
  if (version === undefined) return undefined
  return { added: adds.length, rows: groups.reduce((sum, { rows }) => sum + rows, 0) }
}

async function opened(files: readonly Add[], columns: readonly Column[], { store, parquet, key }: Options): Promise<ParquetGroup[]> {
  const groups: ParquetGroup[] = []
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const part = files.slice(at, at + AT_ONCE).map(({ path, size }) => {
      const read = async (from: number, to: number) => {
        const bytes = await store.getRange(keyOfPath(path, key), from, to)
        if (!bytes) throw new RetryableError('ERR_UNAVAILABLE', `${path} is not there, though the table names it`)
        return bytes
      }
      return parquet.open({ sizeBytes: size, read }, columns)
    })
    groups.push(...(await Promise.all(part)).flat())
  }
  return groups
}

/** Writes the rows of the groups, in their order, into files that are full, but for the last. */
async function written(
  groups: readonly ParquetGroup[],
  files: readonly Add[],
  columns: readonly Column[],
  options: Options,
): Promise<Add[]> {
  const { store, parquet, key, codec, sortBy, targetBytes } = options
  const { partitionValues } = files[0]!
  const adds: Add[] = []
  let file: DataFile | undefined
  const finish = async () => {
    if (!file) return
    const { add, bytes } = file.finish(Date.now(), false)
    file = undefined
    await store.put(keyOfPath(add.path, key), bytes)
    adds.push({ ...add, tags: tagsOf(files, sortBy) })
  }
  // What all rows of a partition have alike is not in its files.
  const order = sortBy.filter((name) => columns.some((column) => column.name === name))
  for await (const { rows, values } of merge(groups, order, GROUP_ROWS)) {
    file ??= new DataFile({ parquet, columns, partitionValues, codec })
    file.write(rows, values)
    if (file.sizeBytes >= targetBytes) await finish()
  }
  await finish()
  return adds
}
