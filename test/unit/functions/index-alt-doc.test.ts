import { beforeEach, expect, test } from 'vitest'
import { indexAltDoc } from '../../../functions/index-alt-doc/handler.ts'
import type { Move, Sink } from '../../../functions/index-alt-doc/sink.ts'
import type { Document } from '../../../shared/alt/documents.ts'
import type { Judged } from '../../../shared/alt/firsts.ts'
import type { Position } from '../../../shared/domain/position.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import type { First } from '../../../shared/ports/first-table.ts'
import { docBatch, docMessages } from '../../support/doc-batch.ts'
import { MemoryFirstTable } from '../../support/first-table.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'

const START_MS = Date.parse('2026-11-20T12:00:00Z')

/** A store in memory that refuses documents titled `refused`. */
class MemorySink implements Sink {
  at: Position | null = null
  stored: Judged<Document>[] = []
  fails = false
  /** What happens while it stores. */
  meanwhile = () => {}
  async position() {
    return this.at
  }
  async write({ documents, slots, last, refuse }: Move) {
    if (this.fails) throw new Error('away')
    this.meanwhile()
    const refused = documents.filter(({ document }) => document.title === 'refused')
    await refuse(refused.map(({ document }) => ({ document, error: 'mapper_parsing_exception' })))
    if ((this.at?.version ?? versionOf(1, 0)) !== slots[0]![1]) return false
    this.stored.push(...documents.filter((one) => !refused.includes(one)))
    this.at = last
    return true
  }
  async *since(version: number): AsyncIterable<First[]> {
    yield this.stored.map(({ document }) => document).filter((one) => one.version > version)
  }
}

let sink: MemorySink
let firsts: MemoryFirstTable
let deadLetters: ReturnType<typeof recordingPublisher>
let app: ReturnType<typeof indexAltDoc>
beforeEach(() => {
  sink = new MemorySink()
  firsts = new MemoryFirstTable()
  deadLetters = recordingPublisher()
  app = indexAltDoc('index-alt-doc', { sink, firsts, deadLetters })
})
const post = async (body: Uint8Array) => {
  const answer = await app.request('/', { method: 'POST', body })
  return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) }
}
const titles = () => sink.stored.map(({ document }) => document.title)
const codes = () => deadLetters.sent.map(({ headers }) => headers?.['Dlq-Code'])

test('a document that comes again is stored once, in one batch or in two', async () => {
  const all = docMessages([{ title: 'a' }, { title: 'b' }, { title: 'a' }, { title: 'b', url: 'https://x.example/b' }])
  expect(await post(docBatch(all))).toMatchObject({ status: 200, applied: 4 })
  const more = docMessages([{ title: ' a ' }, { title: 'other', url: 'http://x.example/b?utm_source=y' }], 5)
  expect(await post(docBatch(more))).toMatchObject({ status: 200, applied: 2 })
  expect(titles()).toEqual(['a', 'b', 'b'])
  expect(sink.at?.version).toBe(versionOf(1, 6))
  expect(await post(docBatch(more))).toMatchObject({ status: 200, repeat: true })
})

test('a near-duplicate is stored, and names the earlier one', async () => {
  const text = 'The Committee decided today to lower its target for the federal funds rate by twenty five basis points to one percent'
  await post(docBatch(docMessages([{ body: text }, { body: 'something else' }, { body: `${text}.`, title: 'Statement' }])))
  const [first, , near] = sink.stored
  expect([first!.dupOf, near!.dupOf]).toEqual([null, first!.document.id])
})

test('what is no document goes to the dead letters with its code, its neighbours are stored', async () => {
  const bad = [
    { title: '', body: ' ' },
    { title: 'x', ts_ms: 'soon' },
    { title: 'x', ts_ms: START_MS + 5 * 86_400_000 },
    { title: 'x', sentiment: 2 },
    { title: 'x', body: 'é'.repeat(600_000) },
  ]
  const messages = docMessages([{ title: 'a' }, ...bad, { title: 'b' }])
  const wrong = { ...messages[0]!, seq: 8, subject: 'alt.norm.filing.test' }
  const nameless = { ...messages[0]!, seq: 9, subject: 'alt.norm' }
  expect(await post(docBatch([...messages, wrong, nameless]))).toMatchObject({ applied: 2, rejected: 7 })
  expect(titles()).toEqual(['a', 'b'])
  expect(codes()).toEqual(['NO_CONTENT', 'BAD_DATE', 'BAD_DATE', 'BAD_MESSAGE', 'TOO_LARGE', 'SUBJECT_MISMATCH', 'BAD_MESSAGE'])
})

test('a document that the store refuses goes to the dead letters alone, and is refused again when it comes again', async () => {
  await post(docBatch(docMessages([{ title: 'a' }, { title: 'refused' }, { title: 'b' }])))
  await post(docBatch(docMessages([{ title: 'refused' }, { title: 'a' }], 4)))
  expect(titles()).toEqual(['a', 'b'])
  expect(deadLetters.sent.map(({ headers }) => [headers?.['Dlq-Code'], headers?.['Dlq-Seq'], headers?.['Dlq-Error']])).toEqual([
    ['FAILED', '2', 'mapper_parsing_exception'],
    ['FAILED', '4', 'mapper_parsing_exception'],
  ])
  expect(new TextDecoder().decode(deadLetters.sent[0]!.payload as Uint8Array)).toContain('"refused"')
})

test('dead letters that cannot be published hold the batch back', async () => {
  deadLetters.away(true)
  const batch = docBatch(docMessages([{ title: 'a' }, { title: '' }]))
  expect((await post(batch)).status).toBe(503)
  expect(titles()).toEqual([])
  deadLetters.away(false)
  expect(await post(batch)).toMatchObject({ status: 200, applied: 1, rejected: 1 })
})

test('what failed is as if it had never been there', async () => {
  sink.fails = true
  const batch = docBatch(docMessages([{ title: 'a' }, { title: 'a' }]))
  expect((await post(batch)).status).toBe(500)
  sink.fails = false
  await post(batch)
  expect(titles()).toEqual(['a'])
})

test('Valkey emptied while documents are stored: what was stored before is known after a restart, too', async () => {
  await post(docBatch(docMessages([{ title: 'a' }])))
  sink.meanwhile = () => firsts.setBack()
  await post(docBatch(docMessages([{ title: 'b' }], 2)))
  sink.meanwhile = () => {}
  app = indexAltDoc('index-alt-doc', { sink, firsts, deadLetters })
  await post(docBatch(docMessages([{ title: 'a' }, { title: 'b' }, { title: 'c' }], 3)))
  expect(titles()).toEqual(['a', 'b', 'c'])
})

test('two processes take turns', async () => {
  const other = indexAltDoc('index-alt-doc', { sink, firsts, deadLetters })
  await post(docBatch(docMessages([{ title: 'a' }])))
  const second = await other.request('/', { method: 'POST', body: docBatch(docMessages([{ title: 'b' }, { title: 'a' }], 2)) })
  expect(second.status).toBe(200)
  expect(await post(docBatch(docMessages([{ title: 'b' }, { title: 'a' }, { title: 'c' }], 4)))).toMatchObject({ status: 200 })
  expect(titles()).toEqual(['a', 'b', 'c'])
})

test('a batch from elsewhere, a gap, another stream', async () => {
  await post(docBatch(docMessages([{ title: 'a' }])))
  const gap = await post(docBatch(docMessages([{ title: 'b' }], 9)))
  expect(gap).toMatchObject({ status: 409, code: 'ERR_POSITION', positions: { 0: { version: versionOf(1, 1) } } })
  const positions = await app.request('/positions?stream=ALT_DATA')
  expect(await positions.json()).toEqual({ positions: { 0: { version: versionOf(1, 1), ns: '1' } } })
  expect((await app.request('/positions?stream=BARS')).status).toBe(400)
})
