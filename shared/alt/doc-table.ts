import type { Column } from '../delta/schema.ts'
import type { TableSpec } from '../delta/table.ts'
import type { Codec } from '../ports/parquet.ts'

const column = (name: string, type: Column['type'], nullable = true): Column => ({ name, type, nullable })

/** The columns of `lake/alt_docs`: those of the seed under their names, then what it lacks. */
export const DOC_COLUMNS: readonly Column[] = [
  /** When it was published, by its source. */
  column('timestamp', 'timestamp'),
  column('category', 'string'),
  column('source', 'string'),
  column('title', 'string'),
  column('body', 'string'),
  column('url', 'string'),
  column('symbols', 'array<string>'),
  /** -1 to 1. */
  column('sentiment', 'double'),
  /** The day of `timestamp` (UTC), YYYY-MM-DD. */
  column('dt', 'string'),
  column('id', 'string'),
  /** ISO 639-1. */
  column('lang', 'string'),
  /** The id of the earlier document that it nearly repeats. */
  column('dup_of', 'string'),
  /** Who scored the sentiment. */
  column('model', 'string'),
  column('simhash', 'string'),
  /** When the broker got it: what is known at a time is what was received before it. */
  column('received', 'timestamp'),
  /** The message of the stream it came in. */
  column('stream_epoch', 'integer'),
  column('stream_seq', 'long'),
]

/** What rows are sorted by within a file. */
export const DOC_ORDER: readonly string[] = ['timestamp', 'stream_epoch', 'stream_seq']

/** The table as it is made. */
export const docTable = (key: string, codec: Codec): TableSpec => ({
  key,
  columns: DOC_COLUMNS,
  partitionBy: ['category', 'dt'],
  codec,
  description: 'Every document of the stream ALT_DATA, once',
})
