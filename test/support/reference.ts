import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Interval } from '../../shared/contract/bar.ts'
import type { ComparableBar } from '../../triggers/sources/compare-bars.ts'
import { linesOf } from '../../triggers/sources/lines.ts'
import type { Trade } from '../../triggers/sources/recompute.ts'
import { replay } from '../../triggers/sources/replay.ts'
import type { Instrument } from '../../triggers/sources/source.ts'

/** Recorded trades and the bars they must make; it lies beside the repository and is no part of it. */
const DATA = join(import.meta.dirname, '../../../shared/data')

/** False where the recorded data is absent: tests that need it are skipped then. */
export const hasReferenceData = existsSync(join(DATA, 'reference'))

export const tradesFile = (name: string): string => join(DATA, 'normalised', `${name}.trades.csv.gz`)
export const disorderedFile = (name: string): string => join(DATA, 'derived', `${name}.disordered.csv.gz`)

/** The instruments that have reference bars, by the name of their files. */
export const REFERENCE_NAMES = [
  'binance-spot-btcusdt',
  'binance-spot-xrpeth-agg',
  'binance-usdm-btcusdt',
  'coinbase-btcusd-20230905',
  'kraken-xbtusdt',
  'lean-ibm',
  'lean-spy',
] as const

/** The reference bars of an instrument, all intervals, in exact decimal arithmetic rounded to a double. */
export async function referenceBars(name: string, { exchange, symbol }: Instrument): Promise<ComparableBar[]> {
  const bars: ComparableBar[] = []
  for await (const lines of linesOf(join(DATA, 'reference', `${name}.bars.csv.gz`))) {
    for (const line of lines) {
      const [interval, ts, open, high, low, close, volume, quote, count, buy, sell, , firstId, lastId] = line.split(',')
      if (interval === 'interval') continue
      bars.push({
        exchange,
        symbol,
        interval: interval as Interval,
        timestamp: Number(ts),
        open: Number(open),
        high: Number(high),
        low: Number(low),
        close: Number(close),
        volume: Number(volume),
        quote_volume: Number(quote),
        trades: Number(count),
        buy_volume: Number(buy),
        sell_volume: Number(sell),
        first_id: firstId!,
        last_id: lastId!,
      })
    }
  }
  return bars
}

/** All trades of a file, in its order, as they are on the wire. */
export async function wireTrades(path: string, instrument: Instrument): Promise<Trade[]> {
  const trades: Trade[] = []
  for await (const ticks of replay([{ path, instrument }])) for (const { line } of ticks) trades.push(JSON.parse(line))
  return trades
}
