import { STREAMS } from '../../shared/contract/streams.ts'
import { altSubject } from '../../shared/contract/subjects.ts'
import { versionOf } from '../../shared/domain/version.ts'
import { type TickMessage, tickBatch } from './tick-batch.ts'

const START_MS = Date.parse('2026-11-20T12:00:00Z')

/** Messages of documents, one a second. */
export const docMessages = (documents: readonly Readonly<Record<string, unknown>>[], from = 1, source = 'test'): TickMessage[] =>
  documents.map((document, i) => {
    const { category = 'news', ...rest } = document
    const subject = altSubject(String(category), source)
    const seq = from + i
    return { seq, subject, text: JSON.stringify({ ts_ms: START_MS, category, ...rest }), brokerMs: START_MS + seq * 1000 }
  })

/** The body of a batch of documents, epoch 1: from `after` (default: just before the first message) to the last. */
export const docBatch = (messages: readonly TickMessage[], after = messages[0]!.seq - 1): Uint8Array =>
  tickBatch(messages, { stream: STREAMS.ALT_DATA.name, slots: [[0, versionOf(1, after), after === 0 ? 1 : 0]] })
