import { DOCUMENTS_TABLE } from '../../../shared/contract/lake.ts'
import { duckdbReader } from '../../support/duckdb/reader.ts'
import type { Placed } from './compare.ts'
import type { Expected } from './fold.ts'

const PAGE = 2_000
const EPOCH = 2 ** 40

type Source = Readonly<Record<string, unknown>> & { readonly first_version: number; readonly simhash: string }
type Hit = { readonly _id: string; readonly _index: string; readonly _source: Source }
type Page = { readonly _scroll_id: string; readonly hits: { readonly hits: readonly Hit[] }; readonly _shards: { readonly failed: number } }

/** All documents behind the alias, by HTTP alone. */
export async function inSearch(url: string): Promise<Placed[]> {
  await ask(`${url}/_refresh`, {})
  const found: Placed[] = []
  let page = (await ask(`${url}/alt_news/_search?scroll=2m`, { size: PAGE, sort: ['_doc'] })) as Page
  for (; page.hits.hits.length > 0; page = (await ask(`${url}/_search/scroll`, { scroll: '2m', scroll_id: page._scroll_id })) as Page) {
    if (page._shards.failed > 0) throw new Error('not every part of the index answers')
    found.push(...page.hits.hits.map(toFound))
  }
  return found
}

async function ask(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(60_000) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response.json()
}

function toFound({ _id, _index, _source }: Hit): Placed {
  const { first_version, simhash, ts_ms, seen_ms, dup_of, ...rest } = _source
  const { id, category, source, title, body, url, symbols, sentiment, lang, model } = rest as unknown as Placed
  return {
    ...{ id, category, source, title, body, url, symbols, sentiment, lang, model },
    sequence: first_version % EPOCH,
    tsMs: ts_ms as number,
    seenMs: seen_ms as number,
    simhash: simhash || null,
    dupOf: dup_of as string | null,
    place: `${_index}/${_id}`,
  }
}

/** Where a document must lie in OpenSearch: an index of its category and of the month in which it first came. */
export const placeInSearch = ({ category, seenMs, id }: Expected): string => {
  const [year, month] = new Date(seenMs).toISOString().split('-')
  return `alt_${category}-${year}.${month}/${id}`
}

/** All rows of the table, by DuckDB's own reader of Delta. */
export async function inLake(s3Url: string): Promise<Placed[]> {
  const reader = await duckdbReader(s3Url)
  const rows = await reader.query(
    DOCUMENTS_TABLE,
    `SELECT id, stream_seq AS sequence, epoch_ms(received) AS "seenMs", epoch_ms(timestamp) AS "tsMs", category, source, title, body, url, symbols,
       sentiment, lang, model, simhash, dup_of AS "dupOf", 'category=' || category || '/dt=' || dt AS place FROM t`,
  )
  return rows as unknown as Placed[]
}

/** Where a document must lie in the lake: a partition of its category and day. */
export const placeInLake = ({ category, tsMs }: Expected): string => `category=${category}/dt=${new Date(tsMs).toISOString().slice(0, 10)}`
