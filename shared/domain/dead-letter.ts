import { deadLetterSubject } from '../contract/subjects.ts'
import { sequenceOf } from './version.ts'

/** A message (or one line of it) that can never succeed, and why. */
export type Reject = {
  readonly stream: string
  /** The message's version in its stream. */
  readonly version: number
  /** Which of several objects in the message is meant; left out when it is the whole message. */
  readonly line?: number | undefined
  readonly subject: string
  readonly code: string
  readonly error: string
  readonly attempts: number
  /** The broker's time of the message, ms: never a local clock, so that a repeated letter is the same. */
  readonly timeMs: number
  /** The original bytes. */
  readonly payload: Uint8Array
}

const LONGEST_ERROR = 500

/** The letter for `dlq.{function}`. Its id comes from the message alone, so a repeated one is dropped by the stream's duplicate window. */
export function deadLetter(functionName: string, reject: Reject) {
  return {
    subject: deadLetterSubject(functionName),
    payload: reject.payload,
    msgId: `${functionName}:${reject.version}${reject.line === undefined ? '' : `.${reject.line}`}`,
    headers: {
      'Dlq-Function': functionName,
      'Dlq-Stream': reject.stream,
      'Dlq-Version': String(reject.version),
      'Dlq-Seq': String(sequenceOf(reject.version)),
      'Dlq-Subject': reject.subject,
      'Dlq-Code': reject.code,
      'Dlq-Error': reject.error.replace(/\p{Cc}+/gu, ' ').slice(0, LONGEST_ERROR),
      'Dlq-Attempts': String(reject.attempts),
      'Dlq-Time-Ms': String(reject.timeMs),
    },
  }
}
