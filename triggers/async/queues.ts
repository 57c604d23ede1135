import { STREAMS } from '../../shared/contract/streams.ts'
import type { AckedTrigger } from '../trigger.ts'

/** What waits under one subject of the stream ASYNC: calls of a function, or their callbacks. */
export type Queue = { readonly kind: 'call' | 'callback'; readonly functionName: string; readonly subject: string }

/** The queue that a subject belongs to. */
export function queueOf(subject: string): Queue | undefined {
  const [, kind, functionName] = /^async\.(call|callback)\.([\w-]+)$/.exec(subject) ?? []
  return kind === undefined ? undefined : { kind: kind as Queue['kind'], functionName: functionName!, subject }
}

const HOUR = 3_600_000
const MINUTE = 60_000

/** What a queue is called in logs, metrics and dead letters: no function's name, which has no `_`. */
export const nameOf = ({ kind, functionName }: Queue): string => `${kind === 'call' ? 'async' : 'callback'}_${functionName}`

/** Whether a name is that of a queue. */
export const isQueueName = (name: string): boolean => name.includes('_')

/** The function that a queue of this name is for. */
export const functionOfQueue = (name: string): string => name.slice(name.indexOf('_') + 1)

/** With the pauses below, calls that fail are tried for some ten minutes, callbacks for twenty. While a function is away no attempt counts. */
const RULES = {
  call: { concurrency: 8, maxAttempts: 12, timeoutMs: HOUR },
  callback: { concurrency: 16, maxAttempts: 20, timeoutMs: MINUTE },
} as const

/** How a queue is delivered: as any acked trigger, one message a call, in no order. */
export const triggerOf = (queue: Queue): AckedTrigger => ({
  functionName: nameOf(queue),
  delivery: 'acked',
  stream: STREAMS.ASYNC.name,
  subjects: [queue.subject],
  batch: 1,
  maxBytes: 1024 * 1024,
  waitMs: 0,
  start: { kind: 'all' },
  order: { kind: 'none' },
  form: 'message',
  maxAgeMs: 24 * HOUR,
  backoffMs: 500,
  backoffMostMs: 2 * MINUTE,
  ackWaitMs: 10_000,
  ...RULES[queue.kind],
})
