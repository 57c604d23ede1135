/** The first message of a document: its version, the broker's time of it, and the document's SimHash (16 hexadecimal digits; null where its text is too short). */
export type First = { readonly id: string; readonly version: number; readonly timeMs: number; readonly simhash: string | null }

/** A state of the table: the greatest version that is written down, and a name that no other state has. */
export type Mark = { readonly through: number; readonly name: string }

/**
 * The first messages of documents, kept apart from the documents themselves so that they are found at once. All of it throws RetryableError ERR_UNAVAILABLE.
 * It may be emptied or set back at any moment, and another process may write to it: so a write names the state that it goes on from.
 */
export interface FirstTable {
  /** The state it is in; undefined where nothing is written down. */
  mark(): Promise<Mark | undefined>
  /** All of them, in no order, and the state it is in: read as one. */
  all(): Promise<{ readonly mark: Mark | undefined; readonly firsts: readonly First[] }>
  /**
   * Writes some down and strikes others out, and says up to where they are now complete: in one step, if the table is still in the state given.
   * @returns the state it is in then; undefined where it was in another one: nothing is done.
   */
  keep(from: Mark | undefined, firsts: readonly First[], gone: readonly string[], through: number): Promise<Mark | undefined>
  clear(): Promise<void>
}
