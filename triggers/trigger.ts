import * as z from 'zod'
import { TerminalError } from '../shared/runtime/errors.ts'
import { duration, Order, PREFIX, readAnnotations, subjects, whole } from './annotation.ts'
import { isOfSchedule } from './cron/schedule.ts'
import { Start } from './start.ts'

/** What every trigger of a stream says, without the prefix. */
const common = {
  /** The stream to read. */
  stream: z.string().regex(/^[A-Za-z0-9_-]+$/),
  /** Subjects to read, separated by commas or blanks; without it the whole stream. A filter costs the server more than it saves here. */
  subjects: subjects.default([]),
  /** Most bytes of messages a call. */
  'max-bytes': whole(1024, 16 * 1024 * 1024).default(1024 * 1024),
  /** How long a message may wait for others; 0 sends as soon as a call slot is free. */
  'wait-ms': whole(0, 60_000).default(0),
  start: Start.default({ kind: 'all' }),
}

const Positioned = z.strictObject({
  ...common,
  delivery: z.literal('positioned', 'expected positioned or acked'),
  /** Calls that may run side by side: each has slots of its own. */
  readers: whole(1, 64).default(1),
  /** Most messages a call. */
  batch: whole(1, 50_000).default(1000),
  /** Whether the function is told each second that nothing is left to read. */
  quiet: z.enum(['true', 'false']).default('true'),
})

const Acked = z.strictObject({
  ...common,
  delivery: z.literal('acked'),
  /** Most messages a call. */
  batch: whole(1, 50_000).optional(),
  /** Calls at once, of each trigger process; by default 4, or 16 where a call takes one message. */
  concurrency: whole(1, 256).optional(),
  /** Which messages must not overtake one another. */
  order: Order.default({ kind: 'none' }),
  /** Many messages a call, framed; or one, plain, as OpenFaaS's connectors send it. */
  form: z.enum(['batch', 'message']).default('batch'),
  /** How often the function may fail on a message before it is given up. */
  'max-attempts': whole(1, 1000).default(8),
  /** How old a message may become before it is given up; without it, it is never too old. */
  'max-age': duration.optional(),
  /** The pause before a message is tried again, and what it doubles up to. */
  'backoff-ms': whole(1, 600_000).default(100),
  'backoff-most-ms': whole(1, 3_600_000).default(60_000),
  /** How long a call may take. */
  'timeout-ms': whole(100, 3_600_000).default(60_000),
  /** How long after a trigger process was killed another takes over what it had in hand. */
  'ack-wait-ms': whole(1000, 600_000).default(30_000),
})

type Common = {
  readonly functionName: string
  readonly stream: string
  readonly subjects: readonly string[]
  readonly batch: number
  readonly maxBytes: number
  readonly waitMs: number
  readonly start: Start
}

export type PositionedTrigger = Common & { readonly delivery: 'positioned'; readonly readers: number; readonly quiet: boolean }

export type AckedTrigger = Common & {
  readonly delivery: 'acked'
  readonly concurrency: number
  readonly order: Order
  readonly form: 'batch' | 'message'
  readonly maxAttempts: number
  readonly maxAgeMs: number | undefined
  readonly backoffMs: number
  readonly backoffMostMs: number
  readonly timeoutMs: number
  readonly ackWaitMs: number
}

/** What makes a function run, as its annotations say it. */
export type Trigger = PositionedTrigger | AckedTrigger

/**
 * Reads the trigger out of a function's annotations; undefined where it has none. Annotations of other prefixes are not ours, and those
 * of a schedule are read elsewhere.
 * @throws {TerminalError} ERR_CONFIG, naming every key that is unknown, missing or wrong.
 */
export function triggerOf(functionName: string, annotations: Readonly<Record<string, string>>): Trigger | undefined {
  const own = Object.entries(annotations).filter(([key]) => key.startsWith(PREFIX) && !isOfSchedule(key))
  if (own.length === 0) return undefined
  return annotations[`${PREFIX}delivery`] === 'acked'
    ? acked(functionName, readAnnotations(functionName, Acked, own))
    : positioned(functionName, readAnnotations(functionName, Positioned, own))
}

function positioned(functionName: string, annotations: z.infer<typeof Positioned>): PositionedTrigger {
  const { stream, delivery, subjects, readers, batch, start, quiet, 'max-bytes': maxBytes, 'wait-ms': waitMs } = annotations
  return { functionName, delivery, stream, subjects, readers, batch, maxBytes, waitMs, start, quiet: quiet === 'true' }
}

const ACKED_BATCH = 100
/** So many that the function has the next call while the answer to one is on its way. */
const CALLS = { ofOne: 16, ofMany: 4 } as const

function acked(functionName: string, annotations: z.infer<typeof Acked>): AckedTrigger {
  const { stream, delivery, subjects, order, form, start, 'max-bytes': maxBytes, 'wait-ms': waitMs } = annotations
  if (form === 'message' && (annotations.batch ?? 1) > 1)
    throw new TerminalError('ERR_CONFIG', `annotations ${PREFIX}* of ${functionName}: batch is 1 where form is message`)
  const batch = form === 'message' ? 1 : (annotations.batch ?? ACKED_BATCH)
  return {
    functionName,
    delivery,
    stream,
    subjects,
    batch,
    maxBytes,
    waitMs,
    start,
    concurrency: annotations.concurrency ?? (batch === 1 ? CALLS.ofOne : CALLS.ofMany),
    order,
    form,
    maxAttempts: annotations['max-attempts'],
    maxAgeMs: annotations['max-age'],
    backoffMs: annotations['backoff-ms'],
    backoffMostMs: Math.max(annotations['backoff-ms'], annotations['backoff-most-ms']),
    timeoutMs: annotations['timeout-ms'],
    ackWaitMs: annotations['ack-wait-ms'],
  }
}
