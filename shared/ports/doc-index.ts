/** A document as it is stored. Its fields are those of infra/storage/opensearch/alt-docs.json: any other is refused. */
export type StoredDoc = {
  readonly id: string
  /** When it was published, ms. */
  readonly ts_ms: number
  /** The broker's time of its first message, ms: names the month of its index, so it must be the same whenever the document is stored again. */
  readonly seen_ms: number
  readonly category: string
  readonly source: string
  readonly title: string
  readonly body: string
  readonly url: string | null
  readonly symbols: readonly string[]
  readonly sentiment: number | null
  readonly lang: string | null
  readonly model: string | null
  /** The id of the older document that it nearly repeats. */
  readonly dup_of: string | null
  /** The version of its first message. */
  readonly first_version: number
  readonly simhash: string
}

/**
 * What became of one document. `created`, or `exists`: there is one of its id, which stays as it is. `refused`: it will never be taken.
 * `later`: not now (the index is read-only, the server is out of memory or has too much to do); it may be the next time.
 */
export type StoreResult =
  | { readonly kind: 'created' | 'exists' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string }

/** What tells whether a document was there before. */
export type FirstDoc = Pick<StoredDoc, 'id' | 'first_version' | 'seen_ms' | 'ts_ms' | 'category' | 'simhash' | 'dup_of'>

/** Documents in an index that is searched. All of it throws RetryableError ERR_UNAVAILABLE while the server is away, or refuses a request as a whole. */
export interface DocIndex {
  /** Stores documents unless they are there: the first one of an id stays. @returns what became of each, in their order. What is `created` is there to stay. */
  store(docs: readonly StoredDoc[]): Promise<StoreResult[]>
  /** All documents whose first message has a greater version, page by page in the order of versions, as they were when the first page is asked for. */
  firstsAfter(version: number): AsyncIterable<readonly FirstDoc[]>
  /** Makes all that was stored visible to searches. */
  refresh(): Promise<void>
}
