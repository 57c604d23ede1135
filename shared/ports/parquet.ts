import type { ColumnData, Values } from '../delta/column-data.ts'
import type { Range } from '../delta/range.ts'
import type { Column } from '../delta/schema.ts'

export type Codec = 'snappy' | 'zstd'

/** A file that is written group by group; each is encoded when it comes. */
export interface ParquetFile {
  /** Bytes encoded so far. */
  readonly sizeBytes: number
  /** Adds a group of rows: for each column of the file its values, all of one length, and their range. */
  write(columns: Readonly<Record<string, ColumnData>>, ranges: Readonly<Record<string, Range>>): void
  /** The whole file. */
  finish(): Uint8Array
}

/** A file that is not in memory: its parts are read when they are asked for. */
export type ParquetSource = { readonly sizeBytes: number; read(from: number, to: number): Promise<Uint8Array> }

/** A group of rows of a file. */
export type ParquetGroup = {
  readonly rows: number
  /** Of each column a value that none of the group is below, where the file says it; null where some may be null. */
  readonly least: Readonly<Record<string, string | number | bigint | null>>
  /** The values of each column; one that the file does not have is all null. */
  read(): Promise<Record<string, Values>>
}

/** Reads and writes Parquet files. */
export interface Parquet {
  file(columns: readonly Column[], codec: Codec): ParquetFile
  /** A file's groups of rows, one after the other, with these columns; one that the file does not have is all null. */
  groups(bytes: Uint8Array, columns: readonly Column[]): AsyncIterable<Record<string, Values>>
  /** A file's groups, of which each is read by itself. */
  open(source: ParquetSource, columns: readonly Column[]): Promise<readonly ParquetGroup[]>
  /** A checkpoint's rows, each with one action, as Delta's schema of checkpoints has them; longs are bigint. */
  writeCheckpoint(rows: readonly Readonly<Record<string, unknown>>[]): Uint8Array
  readCheckpoint(bytes: Uint8Array): Promise<Readonly<Record<string, unknown>>[]>
}
