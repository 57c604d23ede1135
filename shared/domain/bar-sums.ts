import { BUY, SELL, type TickFields } from './tick-fields.ts'
import { NO_ID } from './trade-id.ts'

/** What the trades of one span of time add up to; empty while `trades` is 0. Grows by single trades or by whole later spans. */
export class BarSums {
  open = Number.NaN
  high = Number.NaN
  low = Number.NaN
  close = Number.NaN
  volume = 0
  quote = 0
  buy = 0
  sell = 0
  trades = 0
  firstMs = Number.POSITIVE_INFINITY
  firstPrefix = ''
  firstNumber = NO_ID
  lastMs = Number.NEGATIVE_INFINITY
  lastPrefix = ''
  lastNumber = NO_ID
  /** The version of the last message that changed it, and the broker's time of that message, ms. */
  version = 0
  tickMs = 0
  /** How many trades came after it was final. */
  rev = 0
  /** The version it was last handed on with as closed. */
  emitted = 0
  /** Whether it differs from what is stored. */
  dirty = false

  /**
   * Counts one trade. Open is the trade with the least (time, id), close the one with the greatest; ids are compared where both are numbers
   * under one prefix, else the earlier in the stream stands first.
   */
  add(tick: TickFields, version: number, brokerMs: number): void {
    const { tsMs, price, qty, side, idNumber } = tick
    if (this.trades === 0) {
      this.high = price
      this.low = price
    } else {
      if (price > this.high) this.high = price
      if (price < this.low) this.low = price
    }
    if (
      tsMs < this.firstMs ||
      (tsMs === this.firstMs && idNumber >= 0 && idNumber < this.firstNumber && tick.idPrefix === this.firstPrefix)
    ) {
      this.open = price
      this.firstMs = tsMs
      this.firstPrefix = tick.idPrefix
      this.firstNumber = idNumber
    }
    if (
      tsMs > this.lastMs ||
      (tsMs === this.lastMs && !(idNumber >= 0 && idNumber < this.lastNumber && tick.idPrefix === this.lastPrefix))
    ) {
      this.close = price
      this.lastMs = tsMs
      this.lastPrefix = tick.idPrefix
      this.lastNumber = idNumber
    }
    this.volume += qty
    this.quote += price * qty
    if (side === BUY) this.buy += qty
    else if (side === SELL) this.sell += qty
    this.trades++
    this.version = version
    this.tickMs = brokerMs
    this.dirty = true
  }

  /** Adds the trades of another span, disjoint in time from those counted here. */
  merge(other: BarSums): void {
    if (this.trades === 0) {
      this.high = other.high
      this.low = other.low
    } else {
      this.high = Math.max(this.high, other.high)
      this.low = Math.min(this.low, other.low)
    }
    if (other.firstMs < this.firstMs) {
      this.open = other.open
      this.firstMs = other.firstMs
      this.firstPrefix = other.firstPrefix
      this.firstNumber = other.firstNumber
    }
    if (other.lastMs > this.lastMs) {
      this.close = other.close
      this.lastMs = other.lastMs
      this.lastPrefix = other.lastPrefix
      this.lastNumber = other.lastNumber
    }
    this.volume += other.volume
    this.quote += other.quote
    this.buy += other.buy
    this.sell += other.sell
    this.trades += other.trades
    if (other.version > this.version) {
      this.version = other.version
      this.tickMs = other.tickMs
    }
    this.dirty = true
  }
}
