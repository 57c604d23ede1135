import { type Bar, INTERVALS, type Interval } from '../../shared/contract/bar.ts'

/** A trade in the wire's canonical form. */
export type Trade = {
  readonly timestamp: number
  readonly exchange: string
  readonly symbol: string
  readonly price: number
  readonly qty: number
  readonly side?: string
  readonly trade_id?: string | number
}

/** A bar without what only the running platform can know: versions, revisions and whether it is closed. */
export type RecomputedBar = Omit<Bar, 'version' | 'rev' | 'closed'>

type Arrived = Trade & { readonly arrival: number }

/** The integer an id ends in, and what stands before it; null for an id that has none (`007` and 16 digits and more are text). */
function numbered(id: string | number | undefined): { prefix: string; number: number } | null {
  const [, prefix = '', digits] = /^(.*?)(0|[1-9]\d{0,14})$/.exec(String(id ?? '')) ?? []
  return digits === undefined || /\d$/.test(prefix) ? null : { prefix, number: Number(digits) }
}

/** By time, then by id where both are numbered alike, else by arrival. */
function byTimeThenId(a: Arrived, b: Arrived): number {
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp
  const [left, right] = [numbered(a.trade_id), numbered(b.trade_id)]
  if (left && right && left.prefix === right.prefix && left.number !== right.number) return left.number - right.number
  return a.arrival - b.arrival
}

/**
 * Makes bars the plain way, from all trades at once: no state, no watermark, no merging of smaller bars. It shares nothing with the rules the functions
 * run (`shared/domain`), which are held against it. A trade id counts once in its market; trades of quantity 0 make no bar.
 *
 * @returns the bars of each interval in the order of market, interval and time. All trades are held in memory.
 */
export function recompute(trades: Iterable<Trade>, intervals: readonly Interval[]): RecomputedBar[] {
  const markets = new Map<string, { known: Set<string>; trades: Arrived[] }>()
  let arrival = 0
  for (const trade of trades) {
    const key = `${trade.exchange}\n${trade.symbol}`
    const market = markets.get(key) ?? { known: new Set<string>(), trades: [] }
    markets.set(key, market)
    const id = trade.trade_id === undefined ? undefined : String(trade.trade_id)
    if (trade.qty === 0 || (id !== undefined && market.known.has(id))) continue
    if (id !== undefined) market.known.add(id)
    market.trades.push({ ...trade, arrival: arrival++ })
  }
  const bars: RecomputedBar[] = []
  for (const market of markets.values()) {
    market.trades.sort(byTimeThenId)
    for (const interval of intervals) {
      const width = INTERVALS[interval]
      for (const group of runsOf(market.trades, ({ timestamp }) => Math.floor(timestamp / width))) bars.push(barOf(group, interval))
    }
  }
  return bars
}

/** Cuts a list where the key changes. */
function* runsOf<T>(items: readonly T[], keyOf: (item: T) => number): Generator<readonly T[]> {
  let start = 0
  for (let i = 1; i <= items.length; i++) {
    if (i < items.length && keyOf(items[i]!) === keyOf(items[start]!)) continue
    if (i > start) yield items.slice(start, i)
    start = i
  }
}

/** The bar of trades that are all in it: those of its open and its close are the first and the last, unless others are named. */
export function barOf(trades: readonly Trade[], interval: Interval, [first, last] = [trades[0]!, trades.at(-1)!]): RecomputedBar {
  const width = INTERVALS[interval]
  const timestamp = Math.floor(first.timestamp / width) * width
  const sum = (of: (trade: Trade) => number) => trades.reduce((total, trade) => total + of(trade), 0)
  const [volume, quote_volume] = [sum(({ qty }) => qty), sum(({ price, qty }) => price * qty)]
  return {
    symbol: first.symbol,
    exchange: first.exchange,
    interval,
    timestamp,
    close_ms: timestamp + width - 1,
    open: first.price,
    high: trades.reduce((high, { price }) => Math.max(high, price), first.price),
    low: trades.reduce((low, { price }) => Math.min(low, price), first.price),
    close: last.price,
    volume,
    quote_volume,
    trades: trades.length,
    buy_volume: sum(({ side, qty }) => (side === 'buy' ? qty : 0)),
    sell_volume: sum(({ side, qty }) => (side === 'sell' ? qty : 0)),
    vwap: volume > 0 ? quote_volume / volume : null,
    first_ms: first.timestamp,
    first_id: first.trade_id === undefined ? null : String(first.trade_id),
    last_ms: last.timestamp,
    last_id: last.trade_id === undefined ? null : String(last.trade_id),
  }
}
