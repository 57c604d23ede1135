import { Bar, INTERVALS } from '../contract/bar.ts'
import type { DeadLetter } from '../contract/dead-letter.ts'
import { type Batch, lineOf } from '../contract/framing.ts'
import { symbolOf } from '../contract/subjects.ts'
import { versionOf } from './version.ts'

/** The tables' timestamps end with the year 9999; what lies beyond is answered like an outage and would block all that follows. */
const END_OF_TIME = Date.UTC(10_000, 0, 1)

const text = new TextDecoder('utf-8', { fatal: true })

/** A dead letter, but for the function that writes it. */
export type Reject = Omit<DeadLetter, 'functionName'>

/** The closed bars of a batch, and the messages that are none. A forming bar is neither: it is passed over. */
export function closedBars(batch: Batch): { readonly bars: Bar[]; readonly rejects: Reject[] } {
  const { stream, epoch, subjects } = batch.head
  const bars: Bar[] = []
  const rejects: Reject[] = []
  for (let i = 0; i < batch.head.count; i++) {
    const body = lineOf(batch, i)
    const subject = subjects[batch.subject[i]!] ?? ''
    const read = readBar(body, subject)
    if ('bar' in read) {
      if (read.bar.closed) bars.push(read.bar)
    } else {
      const sequence = batch.seqs[i]!
      const headers = batch.head.headers?.[i]
      const message = {
        stream,
        version: versionOf(epoch, sequence),
        sequence,
        subject,
        attempts: 1,
        timeMs: batch.times[i]!,
        headers,
        body,
      }
      rejects.push({ ...message, ...read })
    }
  }
  return { bars, rejects }
}

type Read = { readonly bar: Bar } | { readonly code: 'BAD_BAR' | 'SUBJECT_MISMATCH'; readonly error: string }

function readBar(body: Uint8Array, subject: string): Read {
  let json: unknown
  try {
    json = JSON.parse(text.decode(body))
  } catch (error) {
    return { code: 'BAD_BAR', error: error instanceof Error ? error.message : String(error) }
  }
  const parsed = Bar.safeParse(json)
  if (!parsed.success) {
    return { code: 'BAD_BAR', error: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') }
  }
  const bar = parsed.data
  if (bar.timestamp % INTERVALS[bar.interval] !== 0) {
    return { code: 'BAD_BAR', error: `timestamp ${bar.timestamp} is no start of a ${bar.interval} bar` }
  }
  if (bar.timestamp >= END_OF_TIME) return { code: 'BAD_BAR', error: `timestamp ${bar.timestamp} is beyond the year 9999` }
  if (!subject.startsWith(`ohlcv.${bar.interval}.`) || symbolOf(subject) !== bar.symbol) {
    return { code: 'SUBJECT_MISMATCH', error: `a ${bar.interval} bar of ${bar.symbol}` }
  }
  return { bar }
}
