import { type Header, headersIn } from './header-block.ts'

/** A dead letter as its stream holds it. Anything may be published there, so what a letter does not say is undefined. */
export type FoundLetter = {
  /** Its own place among the dead letters: the number by which it is shown, redriven and purged. */
  readonly sequence: number
  /** When it was written, ms (broker's time). */
  readonly writtenMs: number
  readonly functionName: string
  /** Where the refused message was: its stream, its sequence there, its subject, the broker's time. */
  readonly stream: string | undefined
  readonly messageSequence: number | undefined
  readonly subject: string | undefined
  readonly timeMs: number | undefined
  /** Of an instant that a schedule called the function for (there is no message then): the instant, ISO 8601. */
  readonly instant: string | undefined
  readonly code: string | undefined
  readonly error: string | undefined
  readonly attempts: number | undefined
  readonly traceparent: string | undefined
  /** The refused message's own headers, in their order; undefined where they cannot be read. */
  readonly headers: readonly Header[] | undefined
  /** How often the message had been redriven before it was refused this time. */
  readonly redriven: number
  readonly msgId: string | undefined
  readonly sizeBytes: number
  /** The refused message's bytes; empty where only headers were asked for. */
  readonly body: Uint8Array
}

/** How often a message was redriven: on every redriven message, and so among the own headers of a letter made of one. */
export const REDRIVEN = 'Dlq-Redriven'

const PREFIX = 'dlq.'.length

/** A letter as it comes from its stream; `header` gives a header's value, or an empty text. */
type StoredLetter = {
  readonly sequence: number
  readonly writtenMs: number
  readonly subject: string
  readonly header: (name: string) => string
  readonly sizeBytes: number
  readonly body: Uint8Array
}

/** Reads what `toDeadLetter` wrote. */
export function readLetter({ sequence, writtenMs, subject, header, sizeBytes, body }: StoredLetter): FoundLetter {
  const text = (name: string) => header(name) || undefined
  const number = (name: string) => (/^\d{1,16}$/.test(header(name)) ? Number(header(name)) : undefined)
  const headers = ownHeaders(header('Dlq-Headers'))
  return {
    sequence,
    writtenMs,
    functionName: subject.slice(PREFIX),
    stream: text('Dlq-Stream'),
    messageSequence: number('Dlq-Seq'),
    subject: text('Dlq-Subject'),
    timeMs: number('Dlq-Time-Ms'),
    instant: text('Dlq-Instant'),
    code: text('Dlq-Code'),
    error: text('Dlq-Error'),
    attempts: number('Dlq-Attempts'),
    traceparent: text('traceparent'),
    headers,
    redriven: timesRedriven(headers),
    msgId: text('Nats-Msg-Id'),
    sizeBytes,
    body,
  }
}

/** A message's header block, written as JSON text so that it fits on one header line. */
function ownHeaders(json: string): Header[] | undefined {
  if (json === '') return []
  try {
    return headersIn(JSON.parse(json) as string)
  } catch {
    return undefined
  }
}

const timesRedriven = (headers: readonly Header[] = []): number => {
  const text = headers.findLast(([name]) => name === REDRIVEN)?.[1] ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}
