import type { DocQuery } from '../../ports/doc-search.ts'

/** What of a document a page shows. */
const SHOWN = ['id', 'ts_ms', 'seen_ms', 'category', 'source', 'title', 'url', 'symbols', 'sentiment', 'lang', 'dup_of']
/** How long a search may take in the server. */
const SEARCH_MS = 2_000
/** Counting further would make each search read all that fits. */
const MOST_COUNTED = 10_000
const MOST_FACETS = 20
/** A word in the title says more. */
const FIELDS = ['title^3', 'body']

/** What is found of one document, and how. */
const FOUND = {
  timeout: `${SEARCH_MS}ms`,
  _source: SHOWN,
  highlight: {
    encoder: 'html',
    type: 'unified',
    number_of_fragments: 2,
    fragment_size: 160,
    no_match_size: 160,
    fields: { title: { number_of_fragments: 0, no_match_size: 0 }, body: {} },
  },
}

/** The body of a search. One document more than a page has is asked for: it tells whether there is another page. */
export function searchBody(query: DocQuery) {
  const { q, sort, size, after, distinct } = query
  const terms = (field: string) => ({ terms: { field, size: MOST_FACETS } })
  return {
    ...FOUND,
    query: {
      bool: {
        must: q === undefined ? [] : [wordsOf(q)],
        filter: filtersOf(query),
        must_not: distinct ? [{ exists: { field: 'dup_of' } }] : [],
      },
    },
    // The message decides between equals, so that a page begins exactly where the one before ended. By id it would take three times as long: its text is
    // looked up for each document that comes before those seen so far, and where documents come in the order of their dates that is nearly each.
    sort: [...(sort === 'relevance' ? [{ _score: 'desc' }] : []), { ts_ms: 'desc' }, { first_version: 'desc' }],
    track_scores: q !== undefined,
    track_total_hits: MOST_COUNTED,
    size: size + 1,
    ...(after && { search_after: after }),
    ...(!after && { aggs: { category: terms('category'), source: terms('source'), symbols: terms('symbols') } }),
  }
}

/** The body of a search for documents like one. */
export const likeBody = (id: string, index: string, size: number) => ({
  ...FOUND,
  query: {
    more_like_this: {
      fields: ['title', 'body'],
      like: [{ _index: index, _id: id }],
      min_term_freq: 1,
      min_doc_freq: 1,
      max_query_terms: 25,
    },
  },
  size,
})

/** The body of a search for one document, whole: the newest, where one came again long after. */
export const oneBody = (id: string) => ({
  query: { term: { id } },
  sort: [{ seen_ms: 'desc' }],
  size: 1,
  timeout: `${SEARCH_MS}ms`,
  _source: [...SHOWN, 'body'],
})

/** Never a syntax error: what is no operator is a word. */
const wordsOf = (query: string) => ({
  simple_query_string: {
    query,
    fields: FIELDS,
    default_operator: 'and',
    flags: 'AND|OR|NOT|PHRASE|PRECEDENCE|PREFIX|WHITESPACE|ESCAPE',
  },
})

function filtersOf({ symbols, category, source, fromMs, toMs }: DocQuery): Record<string, unknown>[] {
  const filters: Record<string, unknown>[] = []
  if (symbols.length > 0) filters.push({ terms: { symbols } })
  if (category !== undefined) filters.push({ term: { category } })
  if (source !== undefined) filters.push({ term: { source } })
  if (fromMs !== undefined || toMs !== undefined)
    filters.push({ range: { ts_ms: { ...(fromMs !== undefined && { gte: fromMs }), ...(toMs !== undefined && { lt: toMs }) } } })
  return filters
}
