/** The stream that a table is made of, as it is now. */
export type StreamFacts = {
  /** The first and the last message it holds; 0 where it never had one. */
  readonly first: number
  readonly last: number
  /** The broker's clock, ms. */
  readonly nowMs: number
  /** Messages from sequence `from` on belong to this epoch, up to the next one's. */
  readonly epochs: readonly { readonly epoch: number; readonly from: number }[]
  /** The sequence before the first message that the table's function was to read; undefined where that is not written down. */
  readonly begin: number | undefined
}

/** What the table's function refused. `isComplete`: no dead letter was ever removed, by whomever; else there may have been more. */
export type RefusedMessages = { readonly versions: ReadonlySet<number>; readonly isComplete: boolean }

/** What an audit asks of the stream and of the dead letters. It throws RetryableError ERR_UNAVAILABLE while the broker is away. */
export interface LakeStream {
  facts(): Promise<StreamFacts>
  /** The broker's time of a message, ms; undefined where the stream does not hold it. */
  timeOf(sequence: number): Promise<number | undefined>
  /** Messages of which at least a part is in the dead letters. */
  refused(): Promise<RefusedMessages>
}
