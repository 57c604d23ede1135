/** The closed set of error codes. HTTP errors carry one in RFC 9457 problem JSON, dead letters in `Dlq-Code`. docs/errors.md explains each. */
export const CODES = [
  'ERR_CONFIG', // a setting is missing or malformed: the process stops at start
  'ERR_BATCH', // a batch's framing is wrong (count, metadata): nothing was applied
  'ERR_POSITION', // the batch does not start at the stored position: the answer names it
  'ERR_UNAVAILABLE', // a server this needs does not answer now: try again later
  'ERR_OUTBOX_FULL', // too many results wait to be published: try again later
  'ERR_TOO_LARGE', // a body or header beyond its limit
  'ERR_REQUEST', // a request's parameters are wrong
  'ERR_NOT_FOUND',
  'ERR_SQL', // a statement is wrong: its syntax, a name, a type
  'ERR_FORBIDDEN', // it asks for what is not given out
  'ERR_LIMIT', // it needs more time, memory or data than it may have
  'ERR_BUSY', // as many are served as can be: try again in a moment
  'ERR_INTERNAL',
  'BAD_TICK', // not JSON, or a field is missing or of the wrong type
  'NON_FINITE', // a number is NaN or infinite
  'PRICE_NOT_POSITIVE',
  'QTY_NEGATIVE',
  'FUTURE_TS', // the tick's time is ahead of the broker's by more than allowed
  'LATE_TS', // the tick is older than the horizon of its bar
  'TRADE_MISMATCH', // a known trade id with other content
  'SUBJECT_MISMATCH', // the payload's symbol is not the subject's
  'BAD_MESSAGE', // a message is not JSON, or not of the schema its function reads
  'BAD_BAR', // a message on a bar subject is not a bar
  'NO_CONTENT', // a document with neither title nor body
  'TOO_LARGE', // a document beyond 1 MiB of text
  'BAD_DATE', // a document without a date, or one that lies ahead
  'FAILED', // the function refused the message for good, or failed on it as often as it may
  'EXPIRED', // the message grew older than its trigger allows before the function took it
] as const

export type Code = (typeof CODES)[number]

/** An error with a stable code to branch on. `RetryableError` and `TerminalError` say what a caller should do. */
export class CodedError extends Error {
  readonly code: Code
  constructor(code: Code, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.name = new.target.name
  }
}

/** Trying again can help: the trigger redelivers. */
export class RetryableError extends CodedError {}

/** Trying again cannot help: the message goes to the dead letters, or the process stops. */
export class TerminalError extends CodedError {}
