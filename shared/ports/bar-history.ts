import type { Bar } from '../contract/bar.ts'
import type { Trace } from '../domain/past.ts'

/** The bars of one symbol on one exchange whose start is in [fromMs, toMs). */
export type HistorySpan = { readonly exchange: string; readonly symbol: string; readonly fromMs: number; readonly toMs: number }

/** What is stored of bars handed on in earlier lives of the state; read only when a slot begins behind messages that are gone. */
export interface BarHistory {
  /**
   * What the 1m rows tell of each symbol, as seen from a version. Everything that was written before is counted in.
   * @throws {RetryableError} ERR_UNAVAILABLE
   */
  traces(after: number): Promise<readonly Trace[]>
  /** All rows of a span, of every interval and version, in any order. @throws {RetryableError} ERR_UNAVAILABLE */
  rows(span: HistorySpan): Promise<readonly Bar[]>
}
