import { DOCUMENTS } from '../../contract/doc-indices.ts'
import type { DocPage, DocSearch, FoundDoc } from '../../ports/doc-search.ts'
import { TerminalError } from '../../runtime/errors.ts'
import type { Opensearch } from './connect.ts'
import { away } from './failure.ts'
import { likeBody, oneBody, searchBody } from './search-body.ts'

type Hit = {
  readonly _index: string
  readonly _score: number | null
  readonly _source: Omit<FoundDoc, 'score' | 'highlights'> & { readonly body: string }
  readonly highlight?: Readonly<Record<string, readonly string[]>>
  readonly sort?: readonly number[]
}
type Answer = {
  readonly timed_out: boolean
  readonly _shards: { readonly failed: number }
  readonly hits: { readonly total?: { readonly value: number; readonly relation: string }; readonly hits: readonly Hit[] }
  readonly aggregations?: Readonly<Record<string, { readonly buckets: readonly { readonly key: string; readonly doc_count: number }[] }>>
}

/** Searches documents through their alias. */
export function opensearchDocSearch({ client }: Pick<Opensearch, 'client'>): DocSearch {
  const search = async (body: object): Promise<Answer> => {
    const answer = await client
      .search({ index: DOCUMENTS, ignore_unavailable: true, allow_no_indices: true, body: body as never })
      .catch((error) => Promise.reject(away('documents cannot be searched', error)))
    const found = answer.body as unknown as Answer
    if (found.timed_out) throw new TerminalError('ERR_LIMIT', 'the search takes too long: ask for less')
    // Half an answer would be taken for all there is.
    if (found._shards.failed > 0) throw away('documents cannot be searched', new Error('not every part of the index answers'))
    return found
  }
  const hitOf = async (id: string): Promise<Hit | undefined> => (await search(oneBody(id))).hits.hits[0]

  return {
    async find(query) {
      const { hits, aggregations } = await search(searchBody(query))
      const page = hits.hits.slice(0, query.size)
      const facet = (name: string) => (aggregations?.[name]?.buckets ?? []).map(({ key, doc_count }) => ({ value: key, count: doc_count }))
      return {
        total: hits.total?.value ?? 0,
        atLeast: hits.total?.relation === 'gte',
        documents: page.map(toFound),
        facets: query.after ? null : { category: facet('category'), source: facet('source'), symbols: facet('symbols') },
        end: hits.hits.length > query.size ? page.at(-1)!.sort : undefined,
      } satisfies DocPage
    },
    async like(id, size) {
      const hit = await hitOf(id)
      if (!hit) throw new TerminalError('ERR_NOT_FOUND', 'there is no such document')
      return (await search(likeBody(id, hit._index, size))).hits.hits.map(toFound)
    },
    async one(id) {
      return (await hitOf(id))?._source
    },
  }
}

function toFound({ _source, _score, highlight = {} }: Hit): FoundDoc {
  const { body: _, ...shown } = _source
  return { ...shown, score: _score, highlights: [...(highlight.title ?? []), ...(highlight.body ?? [])] }
}
