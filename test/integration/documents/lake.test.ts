import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { indexAltDoc } from '../../../functions/index-alt-doc/handler.ts'
import { lakeSink } from '../../../functions/index-alt-doc/lake-sink.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { connectDocuments } from '../../../shared/adapters/valkey/connect.ts'
import { valkeyFirstTable } from '../../../shared/adapters/valkey/first-table.ts'
import { DOC_ORDER, docTable } from '../../../shared/alt/doc-table.ts'
import { Table } from '../../../shared/delta/table.ts'
import { docBatch, docMessages } from '../../support/doc-batch.ts'
import { statements } from '../../support/documents.ts'
import { deltaOracle } from '../../support/oracle/oracle.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'

let s3: TestS3
let valkey: ReturnType<typeof connectDocuments>
let oracle: Awaited<ReturnType<typeof deltaOracle>>
let number = 0
let key = ''
beforeAll(async () => {
  s3 = await startS3({ valkey: true })
  valkey = connectDocuments(s3.urls)
  oracle = await deltaOracle(s3.url)
})
afterAll(async () => {
  await valkey?.close()
  await s3?.stop()
})
beforeEach(async () => {
  key = `tests/documents-${number++}`
  await valkey.documents.flushdb()
})

const process = () => {
  const table = new Table(docTable(key, 'snappy'), s3.store, parquet)
  const sink = lakeSink('flush-alt-docs', table, s3.store, parquet)
  return indexAltDoc('flush-alt-docs', { sink, firsts: valkeyFirstTable(valkey.documents, key), deadLetters: recordingPublisher() })
}
const post = async (app: ReturnType<typeof process>, body: Uint8Array) => {
  const answer = await app.request('/', { method: 'POST', body })
  expect(await answer.json()).not.toMatchObject({ rejected: expect.toSatisfy((count: number) => count > 0) })
  return answer.status
}

test('the statements of the FOMC, twice, are a row each; delta-rs reads them with their lists and days', async () => {
  const app = process()
  const all = docMessages(statements())
  expect(await post(app, docBatch(all.slice(0, 100)))).toBe(200)
  expect(await post(app, docBatch(all.slice(100)))).toBe(200)
  const again = docMessages(statements(), all.length + 1)
  expect(await post(app, docBatch(again))).toBe(200)

  const { version, rows } = await oracle.query(
    key,
    'SELECT count(*) n, count(distinct id) ids, max(stream_seq) seq, count(distinct dt) days FROM t',
  )
  expect({ version, rows }).toEqual({ version: 2, rows: [{ n: 129, ids: 129, seq: 129, days: 129 }] })
  const one = await oracle.query(
    key,
    `SELECT cast(timestamp as varchar) at, category, source, title, symbols, sentiment, dt, lang, dup_of FROM t WHERE dt = '1994-02-04'`,
  )
  expect(one.rows).toEqual([
    {
      at: expect.stringContaining('1994-02-04'),
      category: 'central-bank',
      source: 'federalreserve.gov',
      title: 'FOMC statement of 1994-02-04',
      symbols: ['SPY', 'USD'],
      sentiment: null,
      dt: '1994-02-04',
      lang: null,
      dup_of: null,
    },
  ])
  const { rows: near } = await oracle.query(
    key,
    'SELECT count(*) n FROM t JOIN t first ON t.dup_of = first.id WHERE first.stream_seq < t.stream_seq',
  )
  expect(near[0]!.n).toBeGreaterThan(5)
  const { rows: marked } = await oracle.query(key, 'SELECT count(*) n FROM t WHERE dup_of IS NOT NULL')
  expect(near).toEqual(marked)
})

test('emptied, set back or behind: first messages are read from the table again', async () => {
  const title = (n: number) => ({ title: `document ${n}` })
  let app = process()
  await post(app, docBatch(docMessages([title(1), title(2)])))
  const before = await valkey.documents.dump(`alt:dedup:${key}`)
  await post(app, docBatch(docMessages([title(3), { ...title(4), category: 'filing' }], 3)))
  const backup = await valkey.documents.dumpBuffer(`alt:dedup:${key}`)
  expect(before).not.toBeNull()

  await valkey.documents.flushdb()
  await post(app, docBatch(docMessages([title(1), title(5)], 5)))
  await valkey.documents.restore(`alt:dedup:${key}`, 0, backup, 'REPLACE')
  await post(app, docBatch(docMessages([title(5), title(3), title(6)], 7)))
  app = process()
  await valkey.documents.flushdb()
  await post(app, docBatch(docMessages([{ ...title(4), category: 'filing' }, title(6), title(7)], 10)))

  const { rows } = await oracle.query(key, 'SELECT title, stream_seq seq FROM t ORDER BY stream_seq')
  expect(rows.map(({ title: text, seq }) => `${text} by ${seq}`)).toEqual([
    'document 1 by 1',
    'document 2 by 2',
    'document 3 by 3',
    'document 4 by 4',
    'document 5 by 6',
    'document 6 by 9',
    'document 7 by 12',
  ])
})

test('small files of a day become one, with lists, texts and nulls as they were', async () => {
  const app = process()
  for (let n = 0; n < 6; n++) {
    const documents = [
      { title: `a ${n}`, symbols: ['BTC', 'ETH'].slice(0, n % 3), url: `https://x.example/${n}`, sentiment: n / 10 },
      { body: `b ${n}` },
    ]
    await post(app, docBatch(docMessages(documents, 2 * n + 1)))
  }
  const all = 'SELECT id, title, body, url, symbols, sentiment, stream_seq FROM t ORDER BY stream_seq'
  const before = await oracle.query(key, all)
  const table = new Table(docTable(key, 'snappy'), s3.store, parquet)
  await table.optimize({ targetBytes: 2 ** 27, sortBy: DOC_ORDER, writtenSinceMs: Date.now() + 1, untilMs: Date.now() + 30_000 })
  const after = await oracle.query(key, all)
  expect([before.files, after.files]).toEqual([6, 1])
  expect(after.rows).toEqual(before.rows)
  expect(before.rows.map(({ symbols }) => symbols)).toEqual([
    [],
    [],
    ['BTC'],
    [],
    ['BTC', 'ETH'],
    [],
    [],
    [],
    ['BTC'],
    [],
    ['BTC', 'ETH'],
    [],
  ])

  // Its first messages are found in what was rewritten, too.
  await valkey.documents.flushdb()
  await post(app, docBatch(docMessages([{ body: 'b 3' }, { body: 'new' }], 13)))
  expect((await oracle.query(key, 'SELECT count(*) n FROM t')).rows).toEqual([{ n: 13 }])
})

test('two processes that take the same messages: one stores them', async () => {
  const batch = docBatch(docMessages([{ title: 'a' }, { title: 'b' }, { title: 'a' }]))
  const answers = await Promise.all([process(), process(), process()].map((app) => post(app, batch)))
  expect(answers).toEqual([200, 200, 200])
  const { version, rows } = await oracle.query(key, 'SELECT title FROM t ORDER BY title')
  expect({ version, rows }).toEqual({ version: 0, rows: [{ title: 'a' }, { title: 'b' }] })
})
