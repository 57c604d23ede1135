import { zstdCompressSync } from 'node:zlib'
import { type ColumnChunk, parquetMetadata, parquetReadObjects, type Statistics } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { type ColumnData, isPlain, lengthOf, type Numbers, type Values } from '../../delta/column-data.ts'
import type { Range } from '../../delta/range.ts'
import type { Column } from '../../delta/schema.ts'
import type { Codec, Parquet, ParquetFile } from '../../ports/parquet.ts'
import { writeChunk } from './chunk.ts'
import { CHECKPOINT, elementsOf } from './elements.ts'
import { bufferOf, decompressors, openGroups } from './reader.ts'
import { MOST_RANGE } from './steps.ts'

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

  write(values: Readonly<Record<string, ColumnData>>, ranges: Readonly<Record<string, Range>>): void {
    const start = this.#writer.offset
    const columns = this.#columns.flatMap((column) => this.#chunks(column, values[column.name]!, ranges[column.name]!))
    const rows = BigInt(lengthOf(values[this.#columns[0]!.name]!))
    this.#file.num_rows += rows
    this.#file.row_groups.push({
      columns,
      num_rows: rows,
      total_byte_size: columns.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n),
      total_compressed_size: BigInt(this.#writer.offset - start),
    })
  }

  #chunks(column: Column, data: ColumnData, range: Range): ColumnChunk[] {
    const statistics = statisticsOf(column, range)
    if (isPlain(data)) return this.#plainChunks(column, data, statistics)
    if (isWide(column, range)) return this.#plainChunks(column, plain(column, data as Numbers), statistics)
    const { codec } = this.#file
    return [writeChunk(this.#writer, data, { column, nulls: range.nulls, statistics, codec, compress: this.#file.compressors[codec]! })]
  }

  /** By the library, as a row group of one column. */
  #plainChunks({ name, type }: Column, data: Values, statistics: Statistics): ColumnChunk[] {
    const encoding = STEPS.has(type) && ({ encoding: 'DELTA_BINARY_PACKED' } as const)
    // Statistics are known already. The library's own type for what it takes: any array.
    this.#file.write({ columnData: [{ name, data: data as unknown[], statistics: false, ...encoding }], rowGroupSize: WHOLE })
    const { columns, num_rows } = this.#file.row_groups.pop()!
    this.#file.num_rows -= num_rows
    for (const { meta_data } of columns) if (meta_data!.path_in_schema.length === 1) meta_data!.statistics = statistics
    return columns
  }

  finish(): Uint8Array {
    this.#file.finish()
    return this.#writer.getBytes()
  }
}

/** Of numbers without an order, and of texts and truths, only how many are null. Zero has two forms, of which the least is -0. */
function statisticsOf({ type }: Column, { min, max, nulls, unordered }: Range): Statistics {
  const null_count = BigInt(nulls)
  if (unordered || min === undefined || max === undefined) return { null_count }
  if (type === 'long' || type === 'timestamp') return { null_count, min_value: BigInt(min), max_value: BigInt(max) }
  return { null_count, min_value: min === 0 ? -0 : min, max_value: max === 0 ? 0 : max }
}

/** Whether integers are too far apart for doubles to hold the steps between them, or an INT32 to. */
function isWide({ type }: Column, { min, max }: Range): boolean {
  if (typeof min !== 'number' || typeof max !== 'number' || type === 'double') return false
  return max - min >= (type === 'integer' || type === 'date' ? 2 ** 31 : MOST_RANGE)
}

const plain = ({ type }: Column, { values }: Numbers): Values =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : type === 'long' || type === 'timestamp' ? BigInt(value) : value))
