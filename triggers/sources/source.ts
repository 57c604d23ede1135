/** One tick on its way to the stream: when its source delivers it (ms since the epoch, may have a fraction), its own time, and its wire form. */
export type SourceTick = {
  readonly atMs: number
  readonly timestamp: number
  readonly subject: string
  /** The canonical JSON of the tick, one line. */
  readonly line: string
}

/** Ticks in delivery order, in chunks of any size: a chunk costs one await, a tick none. */
export type Source = AsyncIterable<readonly SourceTick[]>

/** What a file or a simulated market trades. */
export type Instrument = { readonly exchange: string; readonly symbol: string }
