/** When bars are final, how late a tick may be, and what counts as quiet; all in ms. docs/semantics.md, bars. */
export type BarSettings = {
  /** A bar is final once the newest trade of its symbol is this far past the bar's end. */
  readonly graceMs: number
  /** A tick counts until the newest trade is this far past the end of its minute. */
  readonly horizonMs: number
  /** A bar that got no tick for this long, by the broker's clock, is closed in a quiet batch. */
  readonly idleMs: number
  /** How far a tick's time may be ahead of the broker's. */
  readonly futureMs: number
}

export const MINUTE = 60_000
