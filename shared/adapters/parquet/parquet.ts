import { zstdCompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects, type Statistics } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Column } from '../../delta/schema.ts'
import type { Range, Values } from '../../delta/stats.ts'
import type { Codec, Parquet, ParquetFile } from '../../ports/parquet.ts'
import { CHECKPOINT, elementsOf } from './elements.ts'
import { bufferOf, decompressors, openGroups } from './reader.ts'

/** Beyond every group that is written: each becomes one row group. */
const WHOLE = 2 ** 31

/** Rows of a checkpoint that are encoded or read at a time: each costs a kilobyte or so while it is. */
const CHECKPOINT_GROUP_ROWS = 5_000

const CODECS = { snappy: 'SNAPPY', zstd: 'ZSTD' } as const
const compressors = { ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes) }

/** Steps between integers that rise take a few bits where the integers take 64. */
const STEPS = new Set(['timestamp', 'long'])

/** Parquet by hyparquet and hyparquet-writer (docs/decisions: measured against parquetjs-lite and others). */
export const parquet: Parquet = {
  file: (columns, codec) => new File(columns, codec),
  async *groups(bytes, columns) {
    const source = { sizeBytes: bytes.length, read: async (from: number, to: number) => bytes.subarray(from, to) }
    for (const group of await openGroups(source, columns)) yield group.read()
  },
  open: openGroups,
  writeCheckpoint(rows) {
    const kinds = Object.keys(CHECKPOINT)
    const schema = [{ name: 'root', num_children: kinds.length }, ...Object.values(CHECKPOINT).flat()]
    const writer = new ByteWriter()
    const file = new ParquetWriter({ writer, schema, codec: 'SNAPPY' })
    file.write({
      columnData: kinds.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) })),
      rowGroupSize: CHECKPOINT_GROUP_ROWS,
    })
    file.finish()
    return writer.getBytes()
  },
  async readCheckpoint(bytes) {
    const file = bufferOf(bytes)
    const metadata = parquetMetadata(file)
    const there = metadata.schema.map(({ name }) => name)
    const columns = Object.keys(CHECKPOINT).filter((name) => there.includes(name))
    const found: Record<string, unknown>[] = []
    let rowStart = 0
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows)
      for (const row of await parquetReadObjects({ file, metadata, columns, rowStart, rowEnd, compressors: decompressors })) found.push(row)
      rowStart = rowEnd
    }
    return found
  },
}

class File implements ParquetFile {
  readonly #columns: readonly Column[]
  readonly #writer = new ByteWriter(64 * 1024)
  readonly #file: ParquetWriter

  constructor(columns: readonly Column[], codec: Codec) {
    this.#columns = columns
    const schema = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(elementsOf)]
    this.#file = new ParquetWriter({ writer: this.#writer, schema, codec: CODECS[codec], compressors, createdBy: 'trade2026' })
  }

  get sizeBytes(): number {
    return this.#writer.offset
  }

  write(values: Readonly<Record<string, Values>>, ranges: Readonly<Record<string, Range>>): void {
    const columnData = this.#columns.map(({ name, type }) => ({
      name,
      // The library's own type for what it takes: any array.
      data: values[name] as unknown[],
      // What is known already need not be found again: see below.
      statistics: false,
      ...(STEPS.has(type) && { encoding: 'DELTA_BINARY_PACKED' as const }),
    }))
    this.#file.write({ columnData, rowGroupSize: WHOLE })
    for (const { meta_data } of this.#file.row_groups.at(-1)!.columns) {
      const range = ranges[meta_data?.path_in_schema[0] ?? '']
      if (meta_data && range && meta_data.path_in_schema.length === 1) meta_data.statistics = statisticsOf(range)
    }
  }

  finish(): Uint8Array {
    this.#file.finish()
    return this.#writer.getBytes()
  }
}

/** Of numbers without an order, and of texts and truths, only how many are null. Zero has two forms, of which the least is -0. */
const statisticsOf = ({ min, max, nulls, unordered }: Range): Statistics => ({
  null_count: BigInt(nulls),
  ...(!unordered && min !== undefined && max !== undefined && { min_value: min === 0 ? -0 : min, max_value: max === 0 ? 0 : max }),
})
