import type { Bar } from './bar.ts'

const COLUMNS = [
  ...[
    'timestamp',
    'symbol',
    'exchange',
    'interval',
    'open',
    'high',
    'low',
    'close',
    'volume',
    'quote_volume',
    'trades',
    'buy_volume',
    'sell_volume',
  ],
  ...['vwap', 'close_ms', 'first_ms', 'first_id', 'last_ms', 'last_id', 'closed', 'rev', 'version'],
] as readonly (keyof Bar)[]

/** Bars as CSV (RFC 4180, with a header line): numbers in full precision, times in ms, null as an empty field. */
export const toCsv = (bars: readonly Bar[]): string =>
  [COLUMNS, ...bars.map((bar) => COLUMNS.map((name) => bar[name]))].map((row) => `${row.map(field).join(',')}\r\n`).join('')

function field(value: string | number | boolean | null): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
