import { jetstream } from '@nats-io/jetstream'
import { DOCUMENTS_TABLE } from '../../../shared/contract/lake.ts'
import { altSubject } from '../../../shared/contract/subjects.ts'
import { type Lake, lakeOf } from '../../support/lake.ts'
import { until } from '../../support/progress.ts'
import { all, type Outcome, type Place, type Row } from '../board.ts'

export const A7: Row = { id: 'A7', test: 'documents to lake and search index', required: 'both, no duplicates, partitioned' }

const CATEGORIES = ['news', 'filings', 'social', 'macro']
const COUNT = 40
const DAY_MS = 86_400_000
const WITHIN_MS = 120_000

/** A7: forty documents of four categories and ten days, published twice: the second time in another order, their addresses spelled otherwise. */
export async function documents({ connection, settings: { urls } }: Place): Promise<Outcome> {
  const source = `accept-${Date.now()}`
  const publish = (i: number, tail: string) => {
    const document = {
      timestamp: new Date(Date.now() - (i % 10) * DAY_MS).toISOString(),
      title: `Document ${i} of ${source}`,
      body: `What there is to say about ${i}.`,
      url: `https://${source}.example/${i}${tail}`,
      symbols: ['BTC', 'ETH'].slice(0, i % 3),
    }
    return jetstream(connection).publish(altSubject(CATEGORIES[i % CATEGORIES.length]!, source), JSON.stringify(document))
  }
  const started = performance.now()
  for (let i = 0; i < COUNT; i++) await publish(i, '')
  for (let i = COUNT - 1; i >= 0; i--) await publish(i, '/?utm_source=again#top')

  const found = async () => {
    const answer = await fetch(`${urls.OPENSEARCH_URL}/alt_news/_search?q=source:${source}`)
    const { hits } = (await answer.json()) as { hits: { total: { value: number } } }
    return hits.total.value
  }
  await until('all documents are searchable', async () => (await found()) >= COUNT, WITHIN_MS, 100)
  const searchableMs = performance.now() - started
  const table = lakeOf(urls.S3_URL, DOCUMENTS_TABLE)
  const lake = () => inLake(table, source)
  await until('all documents are in the lake', async () => (await lake()).ids.length >= COUNT, WITHIN_MS, 500)
  const { ids, folders } = await lake()
  // The last of the second round is behind them all: what is double would be there by now.
  await jetstream(connection).publish(altSubject('news', source), JSON.stringify({ timestamp: Date.now(), title: `The last of ${source}` }))
  await until('the last document is in both', async () => (await found()) > COUNT && (await lake()).ids.length > COUNT, WITHIN_MS, 500)
  const [inIndex, rows] = [await found(), (await lake()).ids]
  return all(`${inIndex} in alt_news and ${rows.length} in the lake of ${2 * COUNT + 1}; searchable after ${Math.round(searchableMs)} ms`, {
    'each once in alt_news': inIndex === COUNT + 1,
    'each once in the lake': rows.length === COUNT + 1 && new Set(rows).size === rows.length,
    'partitioned by category and day':
      ids.length >= COUNT && folders.every((folder) => /^category=[a-z]+\/dt=\d{4}-\d\d-\d\d$/.test(folder)),
  })
}

/** The documents of a source in the lake, and the folders of the table's files. */
async function inLake({ table, rows }: Lake, wanted: string): Promise<{ ids: string[]; folders: string[] }> {
  const { files } = await table.log.load()
  const folders = new Set([...files.keys()].map((path) => path.split('/').slice(0, -1).join('/')))
  const ids: string[] = []
  for await (const { id, source } of rows('id', 'source'))
    for (let i = 0; i < id!.length; i++) if (source![i] === wanted) ids.push(String(id![i]))
  return { ids, folders: [...folders] }
}
