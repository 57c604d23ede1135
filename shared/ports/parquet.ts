import type { Column } from '../delta/schema.ts'
import type { Range, Values } from '../delta/stats.ts'

export type Codec = 'snappy' | 'zstd'

/** A file that is written group by group; each is encoded when it comes. */
export interface ParquetFile {
  /** Bytes encoded so far. */
  readonly sizeBytes: number
  /** Adds a group of rows: for each column of the file its values, all of one length, and their range. */
  write(columns: Readonly<Record<string, Values>>, ranges: Readonly<Record<string, Range>>): void
  /** The whole file. */
  finish(): Uint8Array
}

/** Reads and writes Parquet files in memory. */
export interface Parquet {
  file(columns: readonly Column[], codec: Codec): ParquetFile
  /** A file's groups of rows, one after the other, with these columns; one that the file does not have is all null. */
  groups(bytes: Uint8Array, columns: readonly Column[]): AsyncIterable<Record<string, Values>>
  /** A checkpoint's rows, each with one action, as Delta's schema of checkpoints has them; longs are bigint. */
  writeCheckpoint(rows: readonly Readonly<Record<string, unknown>>[]): Uint8Array
  readCheckpoint(bytes: Uint8Array): Promise<Readonly<Record<string, unknown>>[]>
}
