import type { StoredDoc } from './doc-index.ts'

/** What documents are sought. */
export type DocQuery = {
  /** Words, "phrases", -excluded ones, and wild*; all must be there. Undefined: whatever else fits. */
  readonly q: string | undefined
  /** Only documents of one of these. */
  readonly symbols: readonly string[]
  readonly category: string | undefined
  readonly source: string | undefined
  /** Published in [from, to), ms since the epoch. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** Leaves out documents that nearly repeat an earlier one. */
  readonly distinct: boolean
  readonly sort: 'newest' | 'relevance'
  readonly size: number
  /** The end of the page before. */
  readonly after: readonly number[] | undefined
}

type Described = Pick<
  StoredDoc,
  'id' | 'ts_ms' | 'seen_ms' | 'category' | 'source' | 'title' | 'url' | 'symbols' | 'sentiment' | 'lang' | 'dup_of'
>

export type FoundDoc = Described & {
  readonly score: number | null
  /** Pieces of title and body with `<em>` around what was sought; all else in them is escaped HTML. Without words to seek, the beginning of the body. */
  readonly highlights: readonly string[]
}

type Facet = { readonly value: string; readonly count: number }

export type DocPage = {
  /** How many there are; `atLeast`: and more. */
  readonly total: number
  readonly atLeast: boolean
  readonly documents: readonly FoundDoc[]
  /** On the first page: of what there are the most. */
  readonly facets: { readonly category: readonly Facet[]; readonly source: readonly Facet[]; readonly symbols: readonly Facet[] } | null
  /** Where the next page begins; undefined where this is the last one. */
  readonly end: readonly number[] | undefined
}

/** Searches documents. @throws {RetryableError} ERR_UNAVAILABLE. @throws {TerminalError} ERR_LIMIT where a search takes too long, ERR_REQUEST. */
export interface DocSearch {
  find(query: DocQuery): Promise<DocPage>
  /** Documents like one of them, most alike first. @throws {TerminalError} ERR_NOT_FOUND */
  like(id: string, size: number): Promise<readonly FoundDoc[]>
  /** One document, whole. */
  one(id: string): Promise<(Described & Pick<StoredDoc, 'body'>) | undefined>
}
