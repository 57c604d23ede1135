import { headerLine } from './dead-letter.ts'
import { REDRIVEN } from './found-letter.ts'
import { instantText } from './scheduled.ts'
import { deadLetterSubject } from './subjects.ts'

/** An instant of a schedule that its function refused for good, or failed on too often, and why. */
type InstantLetter = {
  readonly functionName: string
  /** Expression and time zone. */
  readonly schedule: string
  readonly atMs: number
  /** How often it had been redriven. */
  readonly redriven: number
  readonly code: string
  readonly error: string
  /** How many calls were made. */
  readonly attempts: number
  readonly traceparent: string
}

/** The message that puts it into the dead letters: no body, and instead of stream and subject the schedule and the instant. */
export function toInstantLetter({ functionName, schedule, atMs, redriven, code, error, attempts, traceparent }: InstantLetter) {
  const id = `${functionName}:cron.${instantText(atMs)}`
  return {
    subject: deadLetterSubject(functionName),
    payload: '',
    headers: {
      'Dlq-Function': functionName,
      'Dlq-Schedule': headerLine(schedule),
      'Dlq-Instant': new Date(atMs).toISOString(),
      'Dlq-Code': code,
      'Dlq-Error': headerLine(error),
      'Dlq-Attempts': `${attempts}`,
      'Dlq-Time-Ms': `${atMs}`,
      // In the form of a message's own headers, where a letter is asked how often it was redriven.
      ...(redriven > 0 && { 'Dlq-Headers': JSON.stringify(`NATS/1.0\r\n${REDRIVEN}: ${redriven}\r\n`) }),
      traceparent,
    },
    msgId: redriven > 0 ? `${id}.${redriven}` : id,
  }
}
