import { type Bar, INTERVALS, type Interval } from '../contract/bar.ts'
import type { BarSums } from './bar-sums.ts'
import { idText } from './trade-id.ts'

/** A stored bar: a mark of one byte, these numbers as little-endian doubles, the two id prefixes, each after its length in 2 bytes, and the caller's own bytes. */
const NUMBERS = [
  ...['open', 'high', 'low', 'close', 'volume', 'quote', 'buy', 'sell', 'trades'],
  ...['firstMs', 'firstNumber', 'lastMs', 'lastNumber', 'version', 'tickMs', 'rev', 'emitted'],
] as ('open' | 'high' | 'low' | 'close' | 'volume' | 'quote' | 'buy' | 'sell' | 'trades' | 'firstMs' | 'firstNumber' | 'lastMs')[]

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const NOTHING: Uint8Array = new Uint8Array(0)

/** The stored form of a bar; `mark` and `tail` are the caller's own. */
export function encodeSums(sums: BarSums, mark = 0, tail = NOTHING): Uint8Array {
  const prefixes = [sums.firstPrefix, sums.lastPrefix].map((prefix) => (prefix === '' ? NOTHING : encoder.encode(prefix)))
  const bytes = new Uint8Array(1 + NUMBERS.length * 8 + prefixes.reduce((total, prefix) => total + 2 + prefix.length, tail.length))
  const view = new DataView(bytes.buffer)
  bytes[0] = mark
  let at = 1
  for (const name of NUMBERS) {
    view.setFloat64(at, sums[name], true)
    at += 8
  }
  for (const prefix of prefixes) {
    view.setUint16(at, prefix.length, true)
    bytes.set(prefix, at + 2)
    at += 2 + prefix.length
  }
  bytes.set(tail, at)
  return bytes
}

/** Reads a stored bar into `sums`. @returns what it was stored with. */
export function decodeSums(bytes: Uint8Array, sums: BarSums): { readonly mark: number; readonly tail: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 1
  for (const name of NUMBERS) {
    sums[name] = view.getFloat64(at, true)
    at += 8
  }
  const text = () => {
    const length = view.getUint16(at, true)
    at += 2 + length
    return decoder.decode(bytes.subarray(at - length, at))
  }
  sums.firstPrefix = text()
  sums.lastPrefix = text()
  return { mark: bytes[0]!, tail: bytes.subarray(at) }
}

/** The bar as it is published and stored in tables. */
export function toBar(sums: BarSums, interval: Interval, start: number, exchange: string, symbol: string, closed: boolean): Bar {
  return {
    symbol,
    exchange,
    interval,
    timestamp: start,
    close_ms: start + INTERVALS[interval] - 1,
    open: sums.open,
    high: sums.high,
    low: sums.low,
    close: sums.close,
    volume: sums.volume,
    quote_volume: sums.quote,
    trades: sums.trades,
    buy_volume: sums.buy,
    sell_volume: sums.sell,
    vwap: sums.volume > 0 ? sums.quote / sums.volume : null,
    first_ms: sums.firstMs,
    first_id: idText(sums.firstPrefix, sums.firstNumber),
    last_ms: sums.lastMs,
    last_id: idText(sums.lastPrefix, sums.lastNumber),
    closed,
    rev: sums.rev,
    version: sums.version,
  }
}
