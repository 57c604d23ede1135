import type { DuckDBDataChunk, DuckDBType, DuckDBValueConverter, Json } from '@duckdb/node-api'
import { OutputError } from './failure.ts'

/** Writes an answer, chunk by chunk. */
export interface Encoder {
  /** What stands before the rows. */
  begin(): Uint8Array
  /** The first `rows` rows of a chunk. `isFirst`: nothing was written before them. */
  rows(chunk: DuckDBDataChunk, rows: number, isFirst: boolean): Uint8Array
  end(): Uint8Array
}

export type Head = { readonly names: readonly string[]; readonly types: readonly DuckDBType[]; readonly toJson: DuckDBValueConverter<Json> }

/** As much of a chunk as fits into what is left of the answer: halved until it does. @returns undefined where not a row of it does. */
export function fitting(
  encoder: Encoder,
  chunk: DuckDBDataChunk,
  mostRows: number,
  mostBytes: number,
  isFirst: boolean,
): { readonly bytes: Uint8Array; readonly rows: number } | undefined {
  for (let rows = mostRows; rows > 0; rows >>= 1) {
    const bytes = encoder.rows(chunk, rows, isFirst)
    if (bytes.length <= mostBytes) return { bytes, rows }
    if (rows === 1 && isFirst) throw new OutputError(`a row of ${bytes.length} bytes is larger than an answer may be`)
  }
  return undefined
}
