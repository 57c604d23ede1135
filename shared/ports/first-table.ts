/** The first message of a document: its version, the broker's time of it, and the document's SimHash (16 hexadecimal digits; null where its text is too short). */
export type First = { readonly id: string; readonly version: number; readonly timeMs: number; readonly simhash: string | null }

/** The first messages of documents, kept apart from the documents themselves so that they are found at once. All of it throws RetryableError ERR_UNAVAILABLE. */
export interface FirstTable {
  /** The greatest version that is written down; undefined where nothing is. */
  through(): Promise<number | undefined>
  /** All of them, in no order. */
  all(): Promise<First[]>
  /** Writes some down and strikes others out, and says up to where they are now complete: in one step. */
  keep(firsts: readonly First[], gone: readonly string[], through: number): Promise<void>
  clear(): Promise<void>
}
