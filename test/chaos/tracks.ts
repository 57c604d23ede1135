import { rowReader } from '../../triggers/sources/csv.ts'
import { linesOf } from '../../triggers/sources/lines.ts'
import type { SourceTick } from '../../triggers/sources/source.ts'
import { disorderedFile, tradesFile } from '../support/reference.ts'

/** A recorded file played at a steady rate; when it ends it begins again under another symbol. */
export type Track = {
  readonly exchange: string
  readonly symbol: string
  readonly perSecond: number
  /** How many messages one play of the file has. */
  readonly length: number
  /** The name of the reference bars of the whole of it; none where only a part is played. */
  readonly reference: string | undefined
  /** Message `position`, counted over all plays. */
  message(position: number): SourceTick
}

type Recording = Pick<Track, 'exchange' | 'symbol' | 'perSecond'> & {
  readonly file: string
  readonly reference?: string
  readonly from?: number
  readonly count?: number
}

const SPY = { file: tradesFile('lean-spy'), exchange: 'lean', perSecond: 500, count: 150_000 }

/** Delivery out of order with second copies, quiet and busy markets, and two stretches of SPY at many times their speed. */
const RECORDINGS: readonly Recording[] = [
  {
    file: disorderedFile('binance-spot-btcusdt'),
    reference: 'binance-spot-btcusdt',
    exchange: 'binance',
    symbol: 'BTCUSDT',
    perSecond: 400,
  },
  {
    file: tradesFile('binance-usdm-btcusdt'),
    reference: 'binance-usdm-btcusdt',
    exchange: 'usdm',
    symbol: 'BTCUSDT',
    perSecond: 400,
  },
  {
    file: tradesFile('coinbase-btcusd-20230905'),
    reference: 'coinbase-btcusd-20230905',
    exchange: 'coinbase',
    symbol: 'BTC/USD',
    perSecond: 120,
  },
  { file: tradesFile('kraken-xbtusdt'), reference: 'kraken-xbtusdt', exchange: 'kraken', symbol: 'XBTUSDT', perSecond: 20 },
  { ...SPY, symbol: 'SPY-A', from: 20_000 },
  { ...SPY, symbol: 'SPY-B', from: 900_000 },
]

/** The symbol of a play: the file's own the first time. */
export const symbolOfPlay = (symbol: string, play: number): string => (play === 0 ? symbol : `${symbol}-${play + 1}`)

/** Reads all recordings into memory. */
export const loadTracks = (): Promise<Track[]> => Promise.all(RECORDINGS.map(load))

async function load({
  file,
  exchange,
  symbol,
  perSecond,
  reference,
  from = 0,
  count = Number.POSITIVE_INFINITY,
}: Recording): Promise<Track> {
  let header = ''
  let seen = 0
  const rows: string[] = []
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      if (header === '') header = line
      else if (seen++ >= from && rows.length < count) rows.push(line)
    }
    if (rows.length >= count) break
  }
  const readers = new Map<number, ReturnType<typeof rowReader>>()
  const readerOf = (play: number) => {
    const reader = readers.get(play) ?? rowReader(header, { exchange, symbol: symbolOfPlay(symbol, play) })
    readers.set(play, reader)
    return reader
  }
  return {
    exchange,
    symbol,
    perSecond,
    length: rows.length,
    reference,
    message: (position) => readerOf(Math.floor(position / rows.length))(rows[position % rows.length]!, position % rows.length),
  }
}
