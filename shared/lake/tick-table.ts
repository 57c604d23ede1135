import type { Column } from '../delta/schema.ts'
import type { TableSpec } from '../delta/table.ts'
import type { Codec } from '../ports/parquet.ts'

const column = (name: string, type: Column['type'], nullable = true): Column => ({ name, type, nullable })

/**
 * The columns of `lake/ticks`: those of the first seed under their names, then what it lacks. Trades, quotes and tickers are rows of one table, told apart
 * by `kind`: one order, one position, and no join between what was quoted and what was traded then.
 */
export const TICK_COLUMNS: readonly Column[] = [
  /** When it happened, by its source. */
  column('timestamp', 'timestamp'),
  column('exchange', 'string'),
  column('symbol', 'string'),
  column('price', 'double'),
  column('qty', 'double'),
  /** `buy` or `sell`. */
  column('side', 'string'),
  /** The trade's id where it is a whole number. */
  column('trade_id', 'long'),
  /** The day of `timestamp` (UTC), YYYY-MM-DD. */
  column('dt', 'string'),
  /** The trade's id where `trade_id` cannot hold it as it was given. */
  column('trade_ref', 'string'),
  /** `trade`, `quote` or `ticker`. */
  column('kind', 'string'),
  column('bid', 'double'),
  column('ask', 'double'),
  /** When the broker got it. */
  column('received', 'timestamp'),
  /** Which message of the stream it came in, and which of the message's ticks it is, from 0: what makes a row's name. */
  column('stream_epoch', 'integer'),
  column('stream_seq', 'long'),
  column('stream_line', 'integer'),
]

/** Whose positions are in the table. */
export const LAKE_FUNCTION = 'flush-batch'

/** What rows are sorted by within a file, so that most of it can be left out when one symbol is sought. */
export const TICK_ORDER: readonly string[] = ['symbol', 'timestamp', 'stream_epoch', 'stream_seq', 'stream_line']

export const PARTITIONS = { dt: ['dt'], 'symbol,dt': ['symbol', 'dt'] } as const
export type PartitionBy = keyof typeof PARTITIONS

/** The table as it is made. */
export const tickTable = (key: string, partitionBy: PartitionBy, codec: Codec): TableSpec => ({
  key,
  columns: TICK_COLUMNS,
  partitionBy: PARTITIONS[partitionBy],
  codec,
  description: 'Every tick of the stream MARKET_TICKS, once',
})
