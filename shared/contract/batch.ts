import * as z from 'zod'

/** Checked as a whole: element by element, zod would take a twentieth of a busy function's time. */
export const Integers = z.custom<number[]>((value) => Array.isArray(value) && value.every(Number.isInteger), 'not a list of integers')

/**
 * The first line of a positioned batch (`application/x-ndjson`); `count` lines follow, one a message, its own bytes
 * (a newline inside a message is sent as a space). docs/semantics.md, framing.
 *
 * `seqs`, `times` and `subject` are run-length coded: pairs of [value, how often]. For `seqs` and `times` the value is the step from the
 * message before (the first from 0); for `subject` it is the index in `subjects`.
 */
export const BatchHead = z.object({
  /** The stream the messages come from. */
  stream: z.string(),
  /** The epoch all messages of this batch belong to. */
  epoch: z.int(),
  /** [slot, version before this batch, 1 if the slot starts at its recorded beginning]: every slot the batch covers, also those without a message. */
  slots: z.array(z.tuple([z.int(), z.int(), z.literal([0, 1])])).min(1),
  /** The sequence all those slots stand at afterwards, and that message's broker time in ns. */
  last: z.int(),
  lastNs: z.string(),
  count: z.int(),
  seqs: Integers,
  /** Broker times, ms. */
  times: Integers,
  subjects: z.array(z.string()),
  subject: Integers,
  /** The raw NATS header block of those messages that have one, by index. */
  headers: z.record(z.string(), z.string()).optional(),
  /** The broker's time now, ms: given only when everything up to the stream's head has been delivered (a quiet batch). */
  nowMs: z.int().optional(),
})
export type BatchHead = z.infer<typeof BatchHead>

/** The positions a function reports: by slot, null where it has none. In the body of GET /positions and of every 409. */
export const Positions = z.record(z.string(), z.object({ version: z.int(), ns: z.string() }).nullable())
export type Positions = z.infer<typeof Positions>
