import { expect, test } from 'vitest'
import { indexAltDoc } from '../../../../functions/index-alt-doc/handler.ts'
import { searchSink } from '../../../../functions/index-alt-doc/search-sink.ts'
import { sequenceOf } from '../../../../shared/domain/version.ts'
import { corpus, type Sent } from '../../../chaos/documents/corpus.ts'
import { documentsOf } from '../../../chaos/documents/fold.ts'
import { docBatch } from '../../../support/doc-batch.ts'
import { MemoryFirstTable } from '../../../support/first-table.ts'
import { memoryDocIndex } from '../../../support/memory-doc-index.ts'
import { memoryPositionTable } from '../../../support/memory-position-table.ts'
import { recordingPublisher } from '../../../support/recording-publisher.ts'

const START_MS = Date.parse('2026-11-20T12:00:00Z')
const words = (from: number) => Array.from({ length: 40 }, (_, i) => `word${from + i}`).join(' ')
const REAL = [1, 2, 30].map((from) => ({
  subject: 'alt.norm.central-bank.a%2Eexample',
  doc: { title: `Statement ${from}`, body: words(from), published_at: '2026-01-31' },
}))

function take(seed: number, count: number): Sent[] {
  const endless = corpus(seed, REAL)
  return Array.from({ length: count }, () => endless.next().value as Sent)
}

test('a seed gives the same messages, another one others', () => {
  expect(take(1, 300)).toEqual(take(1, 300))
  expect(take(1, 300)).not.toEqual(take(2, 300))
})

test('without faults the functions store what the fold says, and refuse what is malformed', async () => {
  const index = memoryDocIndex()
  const deadLetters = recordingPublisher()
  const app = indexAltDoc('index-alt-doc', {
    sink: searchSink(index, memoryPositionTable()),
    firsts: new MemoryFirstTable(),
    deadLetters,
  })
  // What is no UTF-8 is no text, and a batch of a test is made of texts.
  const sent = take(7, 1000).flatMap((one) => (typeof one.payload === 'string' ? [{ ...one, payload: one.payload }] : []))
  const messages = sent.map(({ subject, payload }, i) => ({ seq: i + 1, subject, text: payload, brokerMs: START_MS + i }))
  for (let from = 0; from < messages.length; from += 100) {
    const { status } = await app.request('/', { method: 'POST', body: docBatch(messages.slice(from, from + 100)) })
    expect(status).toBe(200)
  }

  const good = messages.filter((_, i) => sent[i]!.code === undefined)
  const expected = documentsOf(
    good.map(({ seq, subject, text, brokerMs }) => ({ sequence: seq, timeMs: brokerMs, subject, payload: Buffer.from(text) })),
  )
  const found = [...index.docs.values()].map(({ ts_ms, seen_ms, dup_of, first_version, simhash, ...rest }) => ({
    ...rest,
    tsMs: ts_ms,
    seenMs: seen_ms,
    dupOf: dup_of,
    sequence: sequenceOf(first_version),
    simhash: simhash || null,
  }))
  expect(found).toEqual(expected)
  expect(expected.filter(({ dupOf }) => dupOf !== null).length).toBeGreaterThan(20)
  expect(good.length - expected.length).toBeGreaterThan(50)
  expect(new Set(expected.map(({ tsMs }) => new Date(tsMs).toISOString().slice(0, 7)))).toEqual(new Set(['2025-12', '2026-01', '2026-02']))
  const refused = deadLetters.sent.map(({ headers }) => `${headers?.['Dlq-Seq']} ${headers?.['Dlq-Code']}`)
  expect(refused).toEqual(sent.flatMap(({ code }, i) => (code === undefined ? [] : [`${i + 1} ${code}`])))
  expect(new Set(sent.map(({ code }) => code))).toEqual(new Set([undefined, 'BAD_MESSAGE', 'SUBJECT_MISMATCH', 'NO_CONTENT', 'BAD_DATE']))
})
