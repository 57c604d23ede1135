import { randomUUID } from 'node:crypto'
import type { Codec, Parquet, ParquetFile } from '../ports/parquet.ts'
import type { Add, PartitionValues } from './action.ts'
import type { ColumnData } from './column-data.ts'
import { dataPath } from './path.ts'
import type { Column } from './schema.ts'
import { Stats } from './stats.ts'

type Options = {
  readonly parquet: Parquet
  /** The table's columns. */
  readonly columns: readonly Column[]
  /** The file's partition: by each partition column its value, which is left out of the file itself. */
  readonly partitionValues: PartitionValues
  readonly codec: Codec
}

/** A data file as it grows: encoded group by group, with what its `add` action will say of it. */
export class DataFile {
  readonly #stats: Stats
  readonly #file: ParquetFile
  readonly #options: Options
  rows = 0

  constructor(options: Options) {
    const own = options.columns.filter(({ name }) => !(name in options.partitionValues))
    this.#options = options
    this.#stats = new Stats(own)
    this.#file = options.parquet.file(own, options.codec)
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  /** Adds a group of rows. */
  write(rows: number, values: Readonly<Record<string, ColumnData>>): void {
    this.#file.write(values, this.#stats.add(values))
    this.rows += rows
  }

  /** The file, and the action that adds it to the table once it lies at its path. */
  finish(nowMs: number, dataChange = true): { readonly add: Add; readonly bytes: Uint8Array } {
    const bytes = this.#file.finish()
    const { partitionValues } = this.#options
    const path = dataPath(partitionValues, randomUUID())
    const stats = this.#stats.toString()
    return { bytes, add: { path, partitionValues, size: bytes.length, modificationTime: nowMs, dataChange, stats } }
  }
}

/** A file that no commit has named for so long must not be named by one: vacuum takes what is a week old for what a crash left. */
const NAMED_WITHIN_MS = 86_400_000

/** Whether a commit may no longer add the file: it is to be stored again, under another path. */
export const isStale = ({ modificationTime }: Add, nowMs: number): boolean => nowMs - modificationTime > NAMED_WITHIN_MS

/** The same file at another path. */
export const renewed = (add: Add, nowMs: number): Add => ({
  ...add,
  path: dataPath(add.partitionValues, randomUUID()),
  modificationTime: nowMs,
})
