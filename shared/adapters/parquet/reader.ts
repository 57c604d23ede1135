import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  type Compressors,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadata,
  parquetMetadataAsync,
  parquetRead,
  type RowGroup,
} from 'hyparquet'
import type { Values } from '../../delta/column-data.ts'
import type { Column } from '../../delta/schema.ts'
import type { ParquetGroup, ParquetSource } from '../../ports/parquet.ts'

export const decompressors: Compressors = { ZSTD: (bytes) => zstdDecompressSync(bytes), GZIP: (bytes) => gunzipSync(bytes) }
/** Times as tables have them: µs and days. Spark's own are of ns. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => millis * 1000n,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => nanos / 1000n,
  dateFromDays: (days) => days,
}

/** A file that is no larger is read at once: a request costs more than its bytes. */
const SMALL_BYTES = 1 << 20

/** The groups of a file, of which each is read by one request. */
export async function openGroups(source: ParquetSource, columns: readonly Column[]): Promise<ParquetGroup[]> {
  let whole = source.sizeBytes <= SMALL_BYTES ? bufferOf(await source.read(0, source.sizeBytes)) : undefined
  const slice = async (from: number, to = source.sizeBytes) => whole?.slice(from, to) ?? bufferOf(await source.read(from, to))
  const metadata = whole
    ? parquetMetadata(whole, { parsers })
    : await parquetMetadataAsync({ byteLength: source.sizeBytes, slice }, { parsers })
  const there = new Set(metadata.schema.map(({ name }) => name))
  const wanted = columns.filter(({ name }) => there.has(name))
  let rowStart = 0
  let unread = metadata.row_groups.length
  return metadata.row_groups.map((group) => {
    const [from, rows] = [rowStart, Number(group.num_rows)]
    rowStart += rows
    const read = async () => {
      const found =
        rows === 0 || wanted.length === 0 ? new Map<string, Values[]>() : await readGroup({ slice, metadata, group, from, rows }, wanted)
      // Who holds the groups need not hold their bytes.
      if (--unread === 0) whole = undefined
      return Object.fromEntries(columns.map(({ name, type }) => [name, joined(found.get(name), rows, type)]))
    }
    return { rows, least: leastOf(group), read }
  })
}

type Reading = {
  readonly slice: (from: number, to: number) => Promise<ArrayBuffer>
  readonly metadata: FileMetaData
  readonly group: RowGroup
  readonly from: number
  readonly rows: number
}

async function readGroup({ slice, metadata, group, from, rows }: Reading, columns: readonly Column[]): Promise<Map<string, Values[]>> {
  const names = columns.map(({ name }) => name)
  const { start, end } = spanOf(group, new Set(names))
  const bytes = await slice(start, end)
  const file = { byteLength: end, slice: (at: number, to = end) => bytes.slice(at - start, to - start) }
  const read = new Map<string, Values[]>()
  const onChunk = ({ columnName, columnData }: { columnName: string; columnData: Values }) => {
    const parts = read.get(columnName)
    if (parts) parts.push(columnData)
    else read.set(columnName, [columnData])
  }
  const rowEnd = from + rows
  await parquetRead({ file, metadata, columns: names, rowStart: from, rowEnd, compressors: decompressors, parsers, onChunk })
  return read
}

/** Where the chunks of these columns lie: mostly all of the group. */
function spanOf({ columns }: RowGroup, names: ReadonlySet<string>): { start: number; end: number } {
  let [start, end] = [Number.POSITIVE_INFINITY, 0]
  for (const { meta_data } of columns) {
    if (!meta_data || !names.has(meta_data.path_in_schema[0]!)) continue
    const at = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset)
    start = Math.min(start, at)
    end = Math.max(end, at + Number(meta_data.total_compressed_size))
  }
  return end === 0 ? { start: 0, end: 0 } : { start, end }
}

function leastOf({ columns }: RowGroup): ParquetGroup['least'] {
  const least: Record<string, string | number | bigint | null> = {}
  for (const { meta_data } of columns) {
    const { min_value, null_count } = meta_data?.statistics ?? {}
    const isKnown = typeof min_value === 'string' || typeof min_value === 'number' || typeof min_value === 'bigint'
    if (meta_data?.path_in_schema.length === 1) least[meta_data.path_in_schema[0]!] = null_count === 0n && isKnown ? min_value : null
  }
  return least
}

export const bufferOf = (bytes: Uint8Array): ArrayBuffer =>
  bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
    ? (bytes.buffer as ArrayBuffer)
    : (bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer)

/** A column as small as it can be kept: a bigint of its own costs five times what it is in a typed array. */
function joined(parts: readonly Values[] | undefined, rows: number, type: Column['type']): Values {
  if (!parts) return new Array(rows).fill(null)
  const all = parts.length === 1 ? parts[0]! : parts.flatMap((part) => Array.from(part))
  if (!Array.isArray(all)) return all
  // Absent values come as undefined.
  if (!all.some((value) => value === undefined || value === null)) return typed(all, type)
  for (let i = 0; i < all.length; i++) all[i] ??= null
  return all
}

function typed(values: readonly unknown[], type: Column['type']): Values {
  if (type === 'long' || type === 'timestamp') return BigInt64Array.from(values as bigint[])
  if (type === 'double') return Float64Array.from(values as number[])
  if (type === 'integer' || type === 'date') return Int32Array.from(values as number[])
  return values as Values
}
