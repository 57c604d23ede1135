import { random } from './random.ts'

/** How a simulated instrument trades. */
export type MarketModel = {
  readonly symbol: string
  /** Quote currency per base unit, about which the price moves. */
  readonly price: number
  /** Digits after the point of a price; the tick size is the last one. */
  readonly decimals: number
  /** Digits after the point of a size. */
  readonly sizeDecimals: number
  /** The least size worth trading, base units. */
  readonly lot: number
  /** Deviation of the log price over a day. */
  readonly dailyVolatility: number
  /** Trades a second, on average. */
  readonly tradesPerSecond: number
  /** Mean spread, ticks. */
  readonly spreadTicks: number
}

const KNOWN: Record<string, Omit<MarketModel, 'symbol'>> = {
  BTCUSDT: { price: 64_000, decimals: 1, sizeDecimals: 5, lot: 0.0004, dailyVolatility: 0.025, tradesPerSecond: 5, spreadTicks: 3 },
  ETHUSDT: { price: 3_200, decimals: 2, sizeDecimals: 4, lot: 0.006, dailyVolatility: 0.032, tradesPerSecond: 4, spreadTicks: 4 },
  SOLUSDT: { price: 150, decimals: 2, sizeDecimals: 2, lot: 0.1, dailyVolatility: 0.045, tradesPerSecond: 2.5, spreadTicks: 2 },
  AAPL: { price: 230, decimals: 2, sizeDecimals: 0, lot: 10, dailyVolatility: 0.015, tradesPerSecond: 3, spreadTicks: 2 },
}

/** What a simulation trades when it is not told. */
export const DEFAULT_SYMBOLS = Object.keys(KNOWN)

/** The model of a symbol: a known one, or made from its name. */
export function marketModel(symbol: string): MarketModel {
  const known = KNOWN[symbol]
  if (known) return { symbol, ...known }
  const next = random('model', symbol)
  return {
    symbol,
    price: Math.round(10 ** (1.2 + 1.6 * next()) * 100) / 100,
    decimals: 2,
    sizeDecimals: 0,
    lot: 10,
    dailyVolatility: 0.01 + 0.03 * next(),
    tradesPerSecond: 0.5 + 3 * next(),
    spreadTicks: 1 + 3 * next(),
  }
}
