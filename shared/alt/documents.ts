import { AltDoc, CATEGORY, MOST_AHEAD_MS, MOST_DOCUMENT_BYTES } from '../contract/alt-doc.ts'
import type { Batch } from '../contract/framing.ts'
import { altNamesOf } from '../contract/subjects.ts'
import { type Message, messagesOf, type Refusal, type Reject } from '../domain/messages.ts'
import type { First } from '../ports/first-table.ts'
import { documentId } from './document-id.ts'
import { simhashOf } from './simhash.ts'

/** A document as both sinks have it: what was published, named, and which message of the stream it came in. */
export type Document = Omit<AltDoc, 'ts_ms' | 'category' | 'source'> &
  First & { readonly ts_ms: number; readonly category: string; readonly source: string }

const input = messagesOf(AltDoc, { check })

/** Takes the messages of a batch apart: documents in their order, and what can never be one. */
export function documentsIn(batch: Batch): { readonly documents: readonly Document[]; readonly rejects: readonly Reject[] } {
  const { items, rejects } = input.read(batch)
  return { documents: items.map(toDocument), rejects }
}

function toDocument({ value, subject, version, timeMs }: Message<AltDoc>): Document {
  const { category, source: named } = namesOf(subject)
  const source = value.source ?? named
  const simhash = simhashOf(`${value.title}\n${value.body}`)
  return { ...value, ts_ms: value.ts_ms!, category, source, id: documentId(value), version, timeMs, simhash }
}

const namesOf = (subject: string) => {
  const { category, source } = altNamesOf(subject)
  return { category: category.toLowerCase(), source }
}

function check({ ts_ms, category, title, body }: AltDoc, subject: string, timeMs: number): Refusal | undefined {
  const named = namesOf(subject)
  if (!CATEGORY.test(named.category)) return { code: 'BAD_MESSAGE', error: `${named.category} is no category` }
  if (category !== null && category !== named.category)
    return { code: 'SUBJECT_MISMATCH', error: `the payload names ${category}, the subject ${named.category}` }
  if (title === '' && body === '') return { code: 'NO_CONTENT', error: 'neither title nor body' }
  const bytes = Buffer.byteLength(title) + Buffer.byteLength(body)
  if (bytes > MOST_DOCUMENT_BYTES) return { code: 'TOO_LARGE', error: `${bytes} bytes of text, of ${MOST_DOCUMENT_BYTES} that are allowed` }
  if (ts_ms === null) return { code: 'BAD_DATE', error: 'no date: ts_ms, timestamp or published_at' }
  if (ts_ms > timeMs + MOST_AHEAD_MS) return { code: 'BAD_DATE', error: `${ts_ms} is ${ts_ms - timeMs} ms ahead of the broker` }
  return undefined
}
