import { pick } from '../random.ts'
import type { Sent } from './corpus.ts'

const subject = 'alt.norm.news.generated-malformed'
const good = (i: number) => ({ title: `Generated malformed ${i}`, body: 'Nobody is to read this.', ts_ms: Date.parse('2026-01-31') })

/** What can never be a document, each with the code that its dead letter has. */
const KINDS: readonly ((i: number) => Sent)[] = [
  (i) => ({ subject, payload: `{"title":"Generated malformed ${i}"`, code: 'BAD_MESSAGE' }),
  (i) => ({ subject, payload: Buffer.from(`{"title":"Generated malformed ${i} \xff"}`, 'latin1'), code: 'BAD_MESSAGE' }),
  (i) => ({ subject, payload: JSON.stringify([good(i)]), code: 'BAD_MESSAGE' }),
  (i) => ({ subject, payload: JSON.stringify({ ...good(i), sentiment: 7 }), code: 'BAD_MESSAGE' }),
  (i) => ({ subject: 'alt.norm.-none.generated-malformed', payload: JSON.stringify(good(i)), code: 'BAD_MESSAGE' }),
  (i) => ({ subject, payload: JSON.stringify({ ...good(i), category: 'filings' }), code: 'SUBJECT_MISMATCH' }),
  (i) => ({ subject, payload: JSON.stringify({ ...good(i), title: '', body: ' ', number: i }), code: 'NO_CONTENT' }),
  (i) => ({ subject, payload: JSON.stringify({ ...good(i), ts_ms: `the day after ${i}` }), code: 'BAD_DATE' }),
  (i) => ({ subject, payload: JSON.stringify({ ...good(i), ts_ms: undefined }), code: 'BAD_DATE' }),
  (i) => ({ subject, payload: JSON.stringify({ ...good(i), ts_ms: '2126-01-31T00:00:00Z' }), code: 'BAD_DATE' }),
]

/** A message that can never be a document. */
export const malformed = (next: () => number, i: number): Sent => pick(next, KINDS)(i)
