import { tickSubject } from '../../shared/contract/subjects.ts'
import type { Instrument, SourceTick } from './source.ts'

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const NANOSECONDS = /^\d{7,20}$/

/** A trade id as JSON: a number where it is a canonical integer that survives a double, else text. */
export function idJson(id: string): string {
  const safe = id.length <= 16 && /^(0|[1-9]\d*)$/.test(id) && Number.isSafeInteger(Number(id))
  return safe ? id : JSON.stringify(id)
}

/**
 * Makes a reader of the rows of one trade file.
 *
 * The header decides: `ts_ns, trade_id, price, size` in any order, `side` optional, `arrival_ns` where the rows are in delivery order. Other columns
 * are passed over. Times are ns since the epoch (UTC) and go on the wire as whole ms (floor); prices, sizes and ids keep their digits as printed.
 * A trade without an id goes without one.
 *
 * @returns a function from row and line number to a tick.
 * @throws {RangeError} for a header without the needed columns, and from the function for a row it cannot read.
 */
export function rowReader(header: string, { exchange, symbol }: Instrument): (row: string, lineNumber: number) => SourceTick {
  const names = header.trim().split(',')
  const column = (name: string) => names.indexOf(name)
  const [ts, id, price, size] = ['ts_ns', 'trade_id', 'price', 'size'].map((name) => {
    if (column(name) < 0) throw new RangeError(`column ${name} is missing in the header ${JSON.stringify(header.slice(0, 200))}`)
    return column(name)
  }) as [number, number, number, number]
  const [side, arrival] = [column('side'), column('arrival_ns')]
  const subject = tickSubject(exchange, symbol)
  const named = `,"exchange":${JSON.stringify(exchange)},"symbol":${JSON.stringify(symbol)},"price":`

  return (row, lineNumber) => {
    const cells = row.split(',')
    const time = cells[ts] ?? ''
    const [p = '', q = ''] = [cells[price], cells[size]]
    const at = arrival < 0 ? time : (cells[arrival] ?? '')
    if (!NANOSECONDS.test(time) || !NANOSECONDS.test(at) || !NUMBER.test(p) || !NUMBER.test(q))
      throw new RangeError(`line ${lineNumber} is not a trade: ${JSON.stringify(row.slice(0, 200))}`)
    const ms = time.slice(0, -6)
    const taker = side < 0 ? '' : cells[side]
    const known = cells[id] ? `,"trade_id":${idJson(cells[id])}` : ''
    const tail = `${taker === 'buy' || taker === 'sell' ? `,"side":"${taker}"` : ''}${known}}`
    // Cut to microseconds, so that the order survives the double.
    return {
      atMs: Number(at.slice(0, -3)) / 1000,
      timestamp: Number(ms),
      subject,
      line: `{"timestamp":${ms}${named}${p},"qty":${q}${tail}`,
    }
  }
}

/**
 * The instrument a file name speaks of: `binance-spot-btcusdt.trades.csv.gz` -> binance-spot, BTCUSDT. A trailing date or `agg` is passed over.
 * @throws {RangeError} when the name does not hold both.
 */
export function instrumentOf(fileName: string): Instrument {
  const parts = fileName.replace(/\..*$/, '').split('-')
  while (parts.length > 2 && /^(\d+|agg)$/.test(parts.at(-1) ?? '')) parts.pop()
  const symbol = parts.pop()?.toUpperCase()
  if (!symbol || parts.length === 0)
    throw new RangeError(`the name ${fileName} does not say exchange and symbol: give --exchange and --symbol`)
  return { exchange: parts.join('-'), symbol }
}
