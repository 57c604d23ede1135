import { deadLetterSubject } from './subjects.ts'
import { traceparentIn } from './traceparent.ts'

/** A message that can never succeed, or one line of it, and why. */
export type DeadLetter = {
  readonly functionName: string
  readonly stream: string
  /** Undefined where it was read without a position (an acked trigger): then stream and sequence name it. */
  readonly version?: number | undefined
  readonly sequence: number
  /** Which tick of a message that holds several, from 0. */
  readonly line?: number | undefined
  readonly subject: string
  readonly code: string
  readonly error: string
  readonly attempts: number
  /** The broker's time of the message, ms: a repeat then differs in its trace at most. */
  readonly timeMs: number
  /** The raw NATS header block of the message, if it had one. */
  readonly headers?: string | undefined
  /** W3C trace context of the call that refused it; a message that names a trace of its own keeps to that. */
  readonly traceparent: string
  readonly body: Uint8Array
}

const MOST_TEXT = 1_000

/** One header line, whatever the text holds. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not stand in a header
export const headerLine = (text: string): string => text.slice(0, MOST_TEXT).replace(/[\u0000-\u001f\u007f]+/g, ' ')

/** The message that puts it into the dead letters: the original bytes, the reason in its headers, and an id by which a repeat is dropped. */
export function toDeadLetter(letter: DeadLetter) {
  const place = letter.version === undefined ? `${letter.stream}:${letter.sequence}` : `${letter.version}`
  const at = letter.line === undefined ? place : `${place}.${letter.line}`
  const headers: Record<string, string> = {
    'Dlq-Function': letter.functionName,
    'Dlq-Stream': letter.stream,
    ...(letter.version !== undefined && { 'Dlq-Version': `${letter.version}` }),
    'Dlq-Seq': `${letter.sequence}`,
    // Whole, so that it can be redriven; the protocol allows no line end in it.
    'Dlq-Subject': letter.subject,
    'Dlq-Code': letter.code,
    'Dlq-Error': headerLine(letter.error),
    'Dlq-Attempts': `${letter.attempts}`,
    'Dlq-Time-Ms': `${letter.timeMs}`,
    traceparent: traceparentIn(letter.headers) ?? letter.traceparent,
  }
  if (letter.headers !== undefined) headers['Dlq-Headers'] = JSON.stringify(letter.headers)
  return { subject: deadLetterSubject(letter.functionName), payload: letter.body, headers, msgId: `${letter.functionName}:${at}` }
}
