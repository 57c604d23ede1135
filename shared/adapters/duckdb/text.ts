import type { DuckDBDataChunk, Json } from '@duckdb/node-api'
import type { Encoder, Head } from './encoder.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const nothing = new Uint8Array(0)

/** Rows as arrays, joined by commas: the caller puts the brackets. */
export const jsonEncoder = ({ toJson }: Head): Encoder => ({
  begin: () => nothing,
  rows: (chunk, rows, isFirst) => bytesOf(eachRow(chunk, rows, toJson, (row) => JSON.stringify(row), isFirst ? '' : ',', ',')),
  end: () => nothing,
})

/** RFC 4180, with a head. Null is empty, an empty text `""`; lists and structs are JSON. */
export const csvEncoder = ({ names, toJson }: Head): Encoder => ({
  begin: () => bytesOf(`${names.map(cell).join(',')}\r\n`),
  rows: (chunk, rows) => bytesOf(eachRow(chunk, rows, toJson, (row) => `${row.map(cell).join(',')}\r\n`, '', '')),
  end: () => nothing,
})

function eachRow(
  chunk: DuckDBDataChunk,
  rows: number,
  toJson: Head['toJson'],
  write: (row: readonly Json[]) => string,
  first: string,
  between: string,
): string {
  const columns = chunk.convertColumns(toJson)
  let text = first
  for (let i = 0; i < rows; i++) text += (i === 0 ? '' : between) + write(columns.map((column) => column[i] ?? null))
  return text
}

function cell(value: Json): string {
  if (value === null) return ''
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
