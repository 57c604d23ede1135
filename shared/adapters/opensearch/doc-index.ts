import { DOCUMENTS } from '../../contract/doc-indices.ts'
import type { DocIndex, FirstDoc, StoreResult } from '../../ports/doc-index.ts'
import { bulkParts, type Item, resultOf } from './bulk.ts'
import type { Opensearch } from './connect.ts'
import { away, codeless } from './failure.ts'
import { ensureIndices, hasTemplate } from './indices.ts'

/** Records of a page. */
const PAGE = 5_000
/** How long the server keeps what it shows of the index between two pages. */
const KEEP = '2m'
/** How long the server waits for a shard that just starts; less than a request may take, so that what became of each document is known. */
const SHARD_WAIT = '10s'
const FIELDS = ['id', 'first_version', 'seen_ms', 'ts_ms', 'category', 'simhash', 'dup_of']

/** Documents in indices by category and month behind one alias (shared/contract/doc-indices.ts). */
export function opensearchDocIndex({ client }: Pick<Opensearch, 'client'>): DocIndex {
  const ensure = ensureIndices(client)
  const send = async (body: readonly string[]): Promise<readonly Item[]> => {
    const answer = await client
      .bulk({ body: body as never, timeout: SHARD_WAIT, filter_path: 'items.create.status,items.create.error' })
      .catch((error) => Promise.reject(away('documents are not stored', error)))
    return (answer.body.items ?? []).map(({ create }) => create as Item)
  }
  return {
    async store(docs) {
      await ensure.there(docs)
      const results: StoreResult[] = []
      for (const part of bulkParts(docs)) {
        const items = await send(part)
        if (items.length * 2 !== part.length)
          throw away('documents are not stored', new Error(`${items.length} answers to ${part.length / 2}`))
        results.push(...items.map(resultOf))
      }
      // One that is gone is made again, with its fields, at the next try.
      if (results.some(({ kind }) => kind === 'later')) ensure.forget()
      return results
    },
    async *firstsAfter(version) {
      await this.refresh()
      const opened = await client.createPit({ index: [DOCUMENTS], keep_alive: KEEP }).catch((error) => noIndex(client, error))
      if (!opened) return
      let id = opened.body.pit_id!
      let after: readonly unknown[] | undefined
      try {
        for (;;) {
          const query = {
            size: PAGE,
            pit: { id, keep_alive: KEEP },
            query: { range: { first_version: { gt: version } } },
            sort: [{ first_version: 'asc' }, { id: 'asc' }],
            _source: FIELDS,
            track_total_hits: false,
            ...(after && { search_after: after }),
          }
          const { body } = await client
            .search({ body: query as never })
            .catch((error) => Promise.reject(away('documents cannot be read', error)))
          const { hits } = body.hits
          // Half an answer would be taken for all there is.
          if (body.timed_out || body._shards.failed > 0)
            throw away('documents cannot be read', new Error('not every part of the index answers'))
          if (hits.length > 0) yield hits.map(({ _source }) => _source as unknown as FirstDoc)
          if (hits.length < PAGE) return
          after = hits.at(-1)!.sort
          // The client's types have a list here; it is one.
          id = (body.pit_id as string | undefined) ?? id
        }
      } finally {
        // One that is not ended ends by itself.
        await client.deletePit({ body: { pit_id: [id] } }).catch(() => {})
      }
    },
    async refresh() {
      await client.indices
        .refresh({ index: DOCUMENTS, ignore_unavailable: true })
        .catch((error) => Promise.reject(away('what was stored is not visible yet', error)))
    },
  }
}

/** No index at all: there are no documents, if the server is ours otherwise; one whose data was lost must not pass for empty. */
async function noIndex(client: Opensearch['client'], error: unknown): Promise<undefined> {
  const none = codeless(error).type === 'index_not_found_exception' && (await hasTemplate(client).catch(() => false))
  if (!none) throw away('documents cannot be read', error)
}
