import type { DuckDBDecimalType, DuckDBDecimalValue, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import * as arrow from 'apache-arrow'
import type { Encoder, Head } from './encoder.ts'
import type { Library } from './values.ts'

/** A column's type in Arrow, and its values as Arrow's builders take them. */
type Field = {
  readonly type: arrow.DataType
  readonly of: (value: DuckDBValue) => unknown
  /** What is built in its place, with the same bits: the builders of times take floats of ms. */
  readonly stored?: arrow.DataType
}

/** An Arrow IPC stream: a batch for each part. Types that Arrow's writer for JavaScript lacks are their JSON as text. */
export function arrowEncoder({ names, types, toJson }: Head, library: Library): Encoder {
  const fields = types.map((type) => fieldOf(type, library) ?? jsonField(type, toJson))
  const schema = new arrow.Schema(names.map((name, i) => new arrow.Field(name, fields[i]!.type, true)))
  const begin = messages(schema, [])
  const end = begin.slice(-END_BYTES)
  return {
    begin: () => begin.slice(0, -END_BYTES),
    rows(chunk, rows) {
      const children = fields.map(({ type, of, stored = type }, i) => {
        const builder = arrow.makeBuilder({ type: stored, nullValues: [null] })
        for (const value of chunk.getColumnValues(i).slice(0, rows)) builder.append(value === null ? null : of(value))
        const built = builder.finish().flush()
        if (stored === type) return built
        const { length, nullCount, nullBitmap, values } = built
        return arrow.makeData({ type: type as arrow.Timestamp, length, nullCount, nullBitmap, data: values })
      })
      const batch = new arrow.RecordBatch(
        schema,
        arrow.makeData({ type: new arrow.Struct(schema.fields), length: rows, nullCount: 0, children }),
      )
      return messages(schema, [batch]).slice(begin.length - END_BYTES, -END_BYTES)
    },
    end: () => end,
  }
}

/** A stream ends with a continuation mark and a length of nothing. */
const END_BYTES = 8

function messages(schema: arrow.Schema, batches: readonly arrow.RecordBatch[]): Uint8Array {
  const writer = new arrow.RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  for (const batch of batches) writer.write(batch)
  writer.finish()
  return writer.toUint8Array(true)
}

function fieldOf(type: DuckDBType, { DuckDBTypeId: Id }: Library): Field | undefined {
  const as = (made: arrow.DataType, of: (value: DuckDBValue) => unknown = (value) => value): Field => ({ type: made, of })
  const time = (zone: string | null): Field => ({
    type: new arrow.TimestampMicrosecond(zone),
    stored: new arrow.Int64(),
    of: (value) => (value as { readonly micros: bigint }).micros,
  })
  switch (type.typeId) {
    case Id.BOOLEAN:
      return as(new arrow.Bool())
    case Id.TINYINT:
      return as(new arrow.Int8())
    case Id.SMALLINT:
      return as(new arrow.Int16())
    case Id.INTEGER:
      return as(new arrow.Int32())
    case Id.BIGINT:
      return as(new arrow.Int64())
    case Id.UTINYINT:
      return as(new arrow.Uint8())
    case Id.USMALLINT:
      return as(new arrow.Uint16())
    case Id.UINTEGER:
      return as(new arrow.Uint32())
    case Id.UBIGINT:
      return as(new arrow.Uint64())
    case Id.FLOAT:
      return as(new arrow.Float32())
    case Id.DOUBLE:
      return as(new arrow.Float64())
    case Id.VARCHAR:
    case Id.ENUM:
      return as(new arrow.Utf8())
    case Id.TIMESTAMP_TZ:
      return time('UTC')
    case Id.TIMESTAMP:
      return time(null)
    case Id.DATE:
      return { type: new arrow.DateDay(), stored: new arrow.Int32(), of: (value) => (value as { readonly days: number }).days }
    case Id.HUGEINT:
      return as(new arrow.Decimal(0, 38, 128), (value) => words(value as bigint))
    case Id.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType
      return as(new arrow.Decimal(scale, width, 128), (value) => words((value as DuckDBDecimalValue).value))
    }
    default:
      return undefined
  }
}

const jsonField = (type: DuckDBType, toJson: Head['toJson']): Field => ({
  type: new arrow.Utf8(),
  of: (value) => {
    const json = toJson(value, type, toJson)
    return typeof json === 'string' ? json : JSON.stringify(json)
  },
})

/** A number of 128 bits in words of 32, the lowest first. */
function words(value: bigint): Uint32Array {
  const halves = new BigUint64Array([BigInt.asUintN(64, value), BigInt.asUintN(64, value >> 64n)])
  return new Uint32Array(halves.buffer)
}
