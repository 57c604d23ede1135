import { tickSubject } from '../../../shared/contract/subjects.ts'
import type { SourceTick } from '../source.ts'
import { type Arrival, arrivals, BRANCHING } from './arrivals.ts'
import type { MarketModel } from './instrument.ts'
import { noise } from './noise.ts'
import { normal, pareto, type Random, random } from './random.ts'

export const SIMULATED_EXCHANGE = 'sim'

const MINUTE = 60_000
const DAY = 86_400_000
/** Trade ids count from here: minute of the platform's calendar * 100,000 + place in the minute. */
const FIRST_MINUTE = Date.UTC(2020) / MINUTE
const IDS_PER_MINUTE = 100_000
/** The price moves on all these time scales at once, each as far as a random walk does in its time. */
const SCALES_MS = [7 * DAY, 2 * DAY, DAY / 2, DAY / 8, DAY / 32, 700_000, 170_000, 42_000]
/** Below this scale volatility comes and goes. */
const SLOWEST_VOLATILE_MS = DAY / 8
/** Sizes follow a power law of this exponent, cut at 500 lots. */
const SIZE_EXPONENT = 1.5

type Side = Arrival['side']

/** One simulated instrument. All it does follows from seed, symbol and time: any minute can be asked for, in any order. */
export class Market {
  readonly #model: MarketModel
  readonly #key: string
  readonly #subject: string
  readonly #named: string
  readonly #scales: { readonly level: (tMs: number) => number; readonly size: number; readonly volatile: boolean }[]
  readonly #volatility: (tMs: number) => number
  readonly #activity: (tMs: number) => number
  readonly #spread: (tMs: number) => number

  constructor(seed: number, model: MarketModel) {
    this.#model = model
    const key = `${seed}/${model.symbol}`
    this.#key = key
    this.#subject = tickSubject(SIMULATED_EXCHANGE, model.symbol)
    this.#named = `,"exchange":"${SIMULATED_EXCHANGE}","symbol":${JSON.stringify(model.symbol)}`
    this.#scales = SCALES_MS.map((scaleMs) => ({
      level: noise(`${key}/price`, scaleMs),
      size: 0.5 * model.dailyVolatility * Math.sqrt(scaleMs / DAY),
      volatile: scaleMs <= SLOWEST_VOLATILE_MS,
    }))
    const [slow, fast] = [noise(`${key}/volatility`, (5 * DAY) / 24), noise(`${key}/volatility`, 1_500_000)]
    this.#volatility = (tMs) => Math.exp(0.4 * slow(tMs) + 0.3 * fast(tMs))
    const bursts = noise(`${key}/activity`, 400_000)
    this.#activity = (tMs) => dayShape(tMs) * Math.exp(0.5 * bursts(tMs) - 0.125)
    const spread = noise(`${key}/spread`, 20_000)
    this.#spread = (tMs) => Math.exp(0.5 * spread(tMs))
  }

  /** The price all trading is about, at a time. */
  fairPrice(tMs: number): number {
    const volatility = this.#volatility(tMs)
    let log = 0
    for (const { level, size, volatile } of this.#scales) log += size * level(tMs) * (volatile ? volatility : 1)
    return this.#model.price * Math.exp(log)
  }

  /** Trades and quotes of the minute that starts at `startMs` (a whole minute), in time order. */
  minute(startMs: number): SourceTick[] {
    const trades = [...this.#begunIn(startMs - MINUTE), ...this.#begunIn(startMs)]
      .filter(({ tMs }) => tMs >= startMs && tMs < startMs + MINUTE)
      .sort((a, b) => a.tMs - b.tMs)
      .slice(0, IDS_PER_MINUTE)
    const next = random(this.#key, 'trades', startMs)
    const firstId = (startMs / MINUTE - FIRST_MINUTE) * IDS_PER_MINUTE
    const ticks: SourceTick[] = []
    let [quoted, excess, beforeMs] = ['', 0, startMs]
    for (const [i, { tMs, side }] of trades.entries()) {
      // A large trade widens the spread, which comes back in seconds.
      excess *= Math.exp((beforeMs - tMs) / 3_000)
      beforeMs = tMs
      const spread = Math.max(1, Math.round(this.#model.spreadTicks * this.#spread(tMs) + excess))
      // Quotes flicker about the fair price by about half a spread: what shows as bounce in the trades.
      const middle = this.fairPrice(tMs) * 10 ** this.#model.decimals + 0.5 * spread * normal(next)
      const bid = Math.max(1, Math.floor(middle - spread / 2))
      const lots = Math.min(500, pareto(next, SIZE_EXPONENT))
      const quote = this.#quote(next, bid, bid + spread)
      if (quote.prices !== quoted) ticks.push(this.#tick(tMs, quote.text))
      quoted = quote.prices
      const walked = lots > 50 ? Math.round(Math.log2(lots / 50)) + 1 : 0
      excess += walked
      ticks.push(this.#tick(tMs, this.#trade(side, side === 'buy' ? bid + spread + walked : Math.max(1, bid - walked), lots, firstId + i)))
    }
    return ticks
  }

  #begunIn(startMs: number): Arrival[] {
    const perMs = (this.#model.tradesPerSecond / 1_000) * (1 - BRANCHING) * this.#activity(startMs)
    return arrivals(random(this.#key, 'arrivals', startMs), startMs, MINUTE, perMs)
  }

  #price = (ticks: number): string => (ticks / 10 ** this.#model.decimals).toFixed(this.#model.decimals)

  #size = (lots: number): string => Math.max(10 ** -this.#model.sizeDecimals, lots * this.#model.lot).toFixed(this.#model.sizeDecimals)

  #trade(side: Side, ticks: number, lots: number, id: number): string {
    return `,"price":${this.#price(ticks)},"qty":${this.#size(lots)},"side":"${side}","trade_id":${id}}`
  }

  #quote(next: Random, bid: number, ask: number): { prices: string; text: string } {
    const prices = `,"bid":${this.#price(bid)},"ask":${this.#price(ask)}`
    const [bidSize, askSize] = [
      this.#size(Math.min(500, 2 * pareto(next, SIZE_EXPONENT))),
      this.#size(Math.min(500, 2 * pareto(next, SIZE_EXPONENT))),
    ]
    return { prices, text: `${prices},"bid_qty":${bidSize},"ask_qty":${askSize}}` }
  }

  #tick(tMs: number, tail: string): SourceTick {
    const timestamp = Math.floor(tMs)
    return { atMs: timestamp, timestamp, subject: this.#subject, line: `{"timestamp":${timestamp}${this.#named}${tail}` }
  }
}

/** Busy at the start and the end of the trading day 13:30 to 20:00 UTC, calmer between, quiet at night; 1 on average. */
function dayShape(tMs: number): number {
  const hour = (((tMs % DAY) + DAY) % DAY) / 3_600_000
  const near = (at: number, width: number) => Math.exp(-(((hour - at) / width) ** 2))
  return 0.65 + 1.6 * near(13.8, 0.9) + 0.5 * near(16.5, 2) + 1.3 * near(19.7, 0.7)
}
