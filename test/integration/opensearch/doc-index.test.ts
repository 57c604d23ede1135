import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { applyIndices } from '../../../infra/storage/opensearch/apply.ts'
import { connectOpensearch, type Opensearch } from '../../../shared/adapters/opensearch/connect.ts'
import { opensearchDocIndex } from '../../../shared/adapters/opensearch/doc-index.ts'
import { opensearchPositionTable } from '../../../shared/adapters/opensearch/position-table.ts'
import { DOCUMENTS, DOCUMENTS_TEMPLATE, POSITIONS_INDEX } from '../../../shared/contract/doc-indices.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import type { DocIndex } from '../../../shared/ports/doc-index.ts'
import { docIndexCases, read } from '../../conformance/doc-index.ts'
import { positionTableCases } from '../../conformance/position-table.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { storedDoc } from '../../support/stored-doc.ts'

// OpenSearch stands back for all others: on a machine that has much to do it starts slowly.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 })

let servers: TestServers
let opensearch: Opensearch
let index: DocIndex
beforeAll(async () => {
  servers = await startServers({ opensearch: true })
  opensearch = connectOpensearch(servers.urls)
  index = opensearchDocIndex(opensearch)
})
afterAll(async () => {
  await opensearch?.close()
  await servers?.stop()
})

const INDEX = 'alt_news-2023.10'
const set = (settings: object) => opensearch.client.indices.putSettings({ index: INDEX, body: settings as never })
const count = async () => {
  await index.refresh()
  const { body } = await opensearch.client.search({ index: DOCUMENTS, size: 0 })
  return (body.hits.total as { value: number }).value
}
const isThere = () =>
  opensearch.client.cluster.health().then(
    () => true,
    () => false,
  )
const killAndWait = async () => {
  servers.processes.opensearch.kill('SIGKILL')
  await expect.poll(isThere, { interval: 10 }).toBe(false)
  await expect(opensearchPositionTable(opensearch, 'away').read('ALT_DATA')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  await servers.processes.opensearch.untilHealthy()
}

docIndexCases(() => index)

positionTableCases(() => ({
  table: (name) => opensearchPositionTable(opensearch, name),
  settled: async () => {},
  restart: killAndWait,
}))

test('one bad document among good ones is refused with what is wrong with it', async () => {
  const good = (id: string) => storedDoc({ id, first_version: 100 })
  const [first, text, field, last] = await index.store([
    good('good-1'),
    { ...good('text'), sentiment: 'high' as never },
    { ...good('field'), surprise: 1 } as never,
    good('good-2'),
  ])

  expect([first, last]).toEqual([{ kind: 'created' }, { kind: 'created' }])
  expect(text).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^mapper_parsing_exception: .*sentiment.*high/s) })
  expect(field).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^strict_dynamic_mapping_exception: .*surprise/s) })
})

test.each(['index.blocks.write', 'index.blocks.read_only_allow_delete'])(
  'with %s nothing is refused for good, and all is taken once it is released',
  async (block) => {
    await index.store([storedDoc({ id: `before ${block}`, first_version: 200 })])
    const docs = ['a', 'b'].map((id) => storedDoc({ id: `${id} ${block}`, first_version: 201 }))
    await set({ [block]: true })
    const results = await index.store(docs)
    await set({ [block]: null })

    expect(results.map(({ kind }) => kind)).toEqual(['later', 'later'])
    expect(await index.store(docs)).toEqual([{ kind: 'created' }, { kind: 'created' }])
  },
)

test('a server without memory for a request is away, and takes it once it has', async () => {
  const limit = (bytes: string | null) =>
    opensearch.client.cluster.putSettings({ body: { transient: { 'network.breaker.inflight_requests.limit': bytes } } as never })
  const doc = storedDoc({ id: 'no memory', first_version: 300 })
  await limit('100b')
  const stored = index.store([doc])
  await expect(stored).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', message: expect.stringContaining('circuit_breaking_exception') })
  await limit(null)

  expect(await index.store([doc])).toEqual([{ kind: 'created' }])
})

test('what was acknowledged is there after kill -9', async () => {
  const docs = Array.from({ length: 250 }, (_, i) => storedDoc({ id: `kept-${i}`, first_version: 1000 + i }))
  await count()
  const before = await count()
  expect((await index.store(docs)).every(({ kind }) => kind === 'created')).toBe(true)
  await killAndWait()

  expect(await count()).toBe(before + docs.length)
  expect((await index.store(docs)).every(({ kind }) => kind === 'exists')).toBe(true)
})

test('records come in pages, in the order of versions', async () => {
  const docs = Array.from({ length: 5_050 }, (_, i) =>
    storedDoc({ id: `page-${i}`, body: '', first_version: 10_000 + ((i * 7919) % 5_050) }),
  )
  await index.store(docs)
  const versions: number[] = []
  let pages = 0
  for await (const page of index.firstsAfter(9_999)) {
    pages++
    versions.push(...page.map(({ first_version }) => first_version).filter((version) => version < 20_000))
  }

  expect(pages).toBe(2)
  expect(versions).toEqual(docs.map((_, i) => 10_000 + i))
})

test('of two writers of positions the greatest versions stay, slot by slot', async () => {
  const tables = [opensearchPositionTable(opensearch, 'two'), opensearchPositionTable(opensearch, 'two')]
  for (const table of tables) await table.read('ALT_DATA')
  const writes = Array.from({ length: 10 }, (_, i) =>
    tables[i % 2]!.write('ALT_DATA', [i % 4], { version: versionOf(1, 10 - i), ns: String(10 - i) }),
  )
  await Promise.all(writes)

  const stored = await opensearchPositionTable(opensearch, 'two').read('ALT_DATA')
  expect([0, 1, 2, 3].map((slot) => stored.get(slot)?.ns)).toEqual(['10', '9', '8', '7'])
})

test('where every index was deleted there are no documents, and the next one finds its fields', async () => {
  await opensearch.client.indices.delete({ index: 'alt_*' })
  expect(await read(index, 0)).toEqual([])
  // The index that this process knows of is gone.
  expect(await index.store([storedDoc({ id: 'again' })])).toMatchObject([{ kind: 'later' }])
  expect(await index.store([storedDoc({ id: 'again' })])).toEqual([{ kind: 'created' }])

  const { body } = await opensearch.client.indices.getMapping({ index: DOCUMENTS })
  expect(body[INDEX]?.mappings).toMatchObject({ dynamic: 'strict', properties: { body: { analyzer: 'english' } } })
})

test('a server that has lost everything does not pass for empty, and storage is applied to it again', async () => {
  await opensearch.client.indices.delete({ index: 'alt_*' })
  await opensearch.client.indices.delete({ index: POSITIONS_INDEX })
  await opensearch.client.indices.deleteIndexTemplate({ name: DOCUMENTS_TEMPLATE })

  expect(await opensearch.ready()).toBe(false)
  const fresh = opensearchDocIndex(opensearch)
  await expect(fresh.store([storedDoc()])).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  await expect(read(fresh, 0)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  await expect(opensearchPositionTable(opensearch, 'lost').read('ALT_DATA')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })

  for (let i = 0; i < 2; i++) await applyIndices(servers.urls.OPENSEARCH_URL)
  expect(await opensearch.ready()).toBe(true)
  expect(await count()).toBe(0)
  expect(await fresh.store([storedDoc()])).toEqual([{ kind: 'created' }])
})
