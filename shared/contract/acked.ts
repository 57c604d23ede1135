import * as z from 'zod'
import { Integers } from './batch.ts'
import { fromRuns, fromStepRuns } from './framing.ts'

/**
 * The first line of an acked batch (`application/x-ndjson`); `count` messages follow, each its own bytes and a newline. docs/semantics.md, acked triggers.
 *
 * All columns are run-length coded: pairs of [value, how often]. For `seqs` and `times` the value is the step from the message before
 * (the first from 0).
 */
export const AckedHead = z.object({
  /** The stream the messages come from. */
  stream: z.string(),
  count: z.int().min(1),
  /** Stream sequences: ascending, but for messages that come again. */
  seqs: Integers,
  /** Broker times, ms. */
  times: Integers,
  subjects: z.array(z.string()),
  /** Which of `subjects` a message has. */
  subject: Integers,
  /** Which time this is that a message is sent, from 1. */
  attempts: Integers,
  /** Bytes of each message: given only where one of them holds a newline, which would be taken for its end. */
  sizes: Integers.optional(),
  /** Messages of one number have one key: given only where order is kept. The first that fails ends its key for this call. */
  keys: Integers.optional(),
  /** The raw NATS header block of those messages that have one, by index. */
  headers: z.record(z.string(), z.string()).optional(),
})
export type AckedHead = z.infer<typeof AckedHead>

/** A message of a batch that the function could not take; `retry` is taken as true where it is left out. */
export const Failure = z.object({
  index: z.int().min(0),
  code: z.string().optional(),
  error: z.string().optional(),
  retry: z.boolean().default(true),
})
export type Failure = z.infer<typeof Failure>

/** A batch as it arrived: its head, decoded columns, and where its messages are. Message i is `body[starts[i] .. ends[i])`. */
export type AckedBatch = {
  readonly head: AckedHead
  readonly body: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly seqs: Float64Array
  readonly times: Float64Array
  /** Index in `head.subjects`. */
  readonly subject: Float64Array
  readonly attempts: Float64Array
  readonly keys: Float64Array | undefined
}

const NEWLINE = 10

/**
 * Reads the body of an acked batch.
 * @throws {RangeError | SyntaxError | ZodError} when it is malformed or its messages are not as many as announced; nothing may be done then.
 */
export function parseAcked(body: Uint8Array): AckedBatch {
  const end = body.indexOf(NEWLINE)
  if (end < 0) throw new RangeError('no newline after the head')
  const head = AckedHead.parse(JSON.parse(new TextDecoder().decode(body.subarray(0, end))))
  const { count } = head
  const sizes = head.sizes && fromRuns(head.sizes, count)
  const starts = new Uint32Array(count)
  const ends = new Uint32Array(count)
  let at = end + 1
  for (let i = 0; i < count; i++) {
    const stop = sizes ? at + sizes[i]! : body.indexOf(NEWLINE, at)
    if (stop < at || body[stop] !== NEWLINE) throw new RangeError(`the body holds ${i} messages, ${count} announced`)
    starts[i] = at
    ends[i] = stop
    at = stop + 1
  }
  if (at !== body.length) throw new RangeError(`the body goes on after the ${count} messages announced`)
  return {
    head,
    body,
    starts,
    ends,
    seqs: fromStepRuns(head.seqs, count),
    times: fromStepRuns(head.times, count),
    subject: fromRuns(head.subject, count),
    attempts: fromRuns(head.attempts, count),
    keys: head.keys && fromRuns(head.keys, count),
  }
}
