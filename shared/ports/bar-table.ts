import type { Bar, Interval } from '../contract/bar.ts'

/** Which bars: [fromMs, toMs) by bar start; at most `limit`, the first ones (`oldest`) or the last ones (`newest`) of that span. */
export type BarQuery = {
  readonly symbol: string
  readonly interval: Interval
  /** All exchanges where left out. */
  readonly exchange?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly limit: number
  readonly end: 'oldest' | 'newest'
}

/** Bars ascending by (timestamp, exchange), each at its greatest version; `more`: the span holds further ones beyond the limit. */
export type BarPage = { readonly bars: readonly Bar[]; readonly more: boolean }

/** Closed bars by (timestamp, symbol, exchange, version), one table an interval. */
export type BarTable = {
  /**
   * Adds rows, in any order, any number of times: a row is keyed by its version, so a lower one never hides a greater one.
   * When it returns, a kill of any process loses nothing; readers see the rows some ms later.
   * @throws {RetryableError} ERR_UNAVAILABLE when the server does not take them now. Some rows may have been stored.
   * @throws {TerminalError} ERR_INTERNAL when the server will never take one of them.
   */
  write(bars: readonly Bar[]): Promise<void>
  /**
   * A page never splits the bars of one start: it is shorter than the limit rather, and only longer where one start alone has more.
   * @throws {RetryableError} ERR_UNAVAILABLE
   */
  read(query: BarQuery): Promise<BarPage>
  /** Whether any bar of a symbol is stored for an interval. @throws {RetryableError} ERR_UNAVAILABLE */
  knows(symbol: string, interval: Interval): Promise<boolean>
}
