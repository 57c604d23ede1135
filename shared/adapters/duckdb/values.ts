import type { DuckDBTimestampTZValue, DuckDBTimestampValue, DuckDBValueConverter, Json } from '@duckdb/node-api'

export type Library = typeof import('@duckdb/node-api')

/**
 * Values as JSON has them without a loss: whole numbers of up to 32 bits and finite floats as numbers, wider ones and decimals as texts in all their
 * digits, times in ISO 8601 (UTC) to the µs. The rest as DuckDB's own converter has it.
 */
export function jsonConverter({ DuckDBTypeId, JsonDuckDBValueConverter }: Library): DuckDBValueConverter<Json> {
  return (value, type, converter) => {
    if (value === null) return null
    if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return isoOf(value as DuckDBTimestampTZValue, 'Z')
    if (type.typeId === DuckDBTypeId.TIMESTAMP) return isoOf(value as DuckDBTimestampValue, '')
    return JsonDuckDBValueConverter(value, type, converter)
  }
}

/** Within what a Date can say; beyond it (and for infinity) DuckDB's own form. */
const MOST_MICROS = 8_640_000_000_000_000_000n

function isoOf(value: { readonly micros: bigint; toString(): string }, zone: string): string {
  const { micros } = value
  if (micros > MOST_MICROS || micros < -MOST_MICROS) return value.toString()
  const ms = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n)
  const rest = Number(micros - ms * 1000n)
  const iso = new Date(Number(ms)).toISOString().slice(0, -1)
  return `${iso}${String(rest).padStart(3, '0')}${zone}`
}
