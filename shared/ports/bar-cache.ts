import type { Bar } from '../contract/bar.ts'

/** A bar and how it is written. */
export type WrittenBar = { readonly bar: Bar; readonly json: string }

/** The newest bar of each symbol and interval, forming or closed, for whoever wants to look. A picture, not the truth: it may be lost or lag. */
export interface BarCache {
  /** Shows bars, unless a newer one (by timestamp, then version, then closed) is shown already. */
  show(bars: readonly WrittenBar[]): Promise<void>
}
