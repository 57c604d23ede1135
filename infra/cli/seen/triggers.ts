import type { Progress } from '../../stack/progress.ts'
import { meanOf, mostOf, type Sample, sumOf } from './exposition.ts'
import type { Listed } from './functions.ts'

/** How one trigger of a stream stands, over all its lanes and trigger processes; null where no process that answers delivers it. */
export type TriggerState = {
  readonly function: string
  readonly kind: string
  /** The subjects it takes, or the stream that it takes all of. */
  readonly reads: string
  /** Whether all its lanes are delivered by some process: where one is not, nothing else is told of that one. */
  readonly ready: boolean | null
  readonly lag: number | null
  readonly oldestSeconds: number | null
  readonly inFlight: number | null
  /** Since the processes were started. */
  readonly retries: number
  readonly deadLetters: number
  readonly calls: number
  /** Means of these calls, repeats included; null where there was none. */
  readonly messagesPerCall: number | null
  readonly bytesPerCall: number | null
  readonly secondsPerCall: number | null
  /** How often a message of a call was sent by then: 1 where nothing had to be sent again. */
  readonly attemptsPerCall: number | null
}

/** Queues that the platform itself keeps for a function's asynchronous calls: what their names begin with, and what they read. */
const QUEUES = [
  ['async', 'async.call'],
  ['callback', 'async.callback'],
] as const

/**
 * @param samples - the metrics of all trigger processes together.
 * @param progress - what they have written down: a lag that no process tells now was this at their last word.
 */
export function triggerStates(listed: readonly Listed[], samples: readonly Sample[], progress: readonly Progress[]): TriggerState[] {
  const own = listed.flatMap(({ name, annotations }) => {
    const { 'trigger.delivery': kind, 'trigger.subjects': subjects, 'trigger.stream': stream } = annotations
    return kind === undefined ? [] : [{ function: name, kind, reads: subjects ?? stream ?? '-' }]
  })
  const seen = new Set(samples.flatMap(({ name, labels }) => (name === 'trigger_lag_messages' ? (labels.function ?? []) : [])))
  const queues = [...seen].sort().flatMap((name) => queueOf(name) ?? [])
  const bySource = Map.groupBy(samples, ({ labels }) => labels.function)
  return [...own, ...queues].map((trigger) => {
    const all = bySource.get(trigger.function) ?? []
    const isDelivered = seen.has(trigger.function)
    const mean = (histogram: string) => meanOf(all, histogram) ?? null
    return {
      ...trigger,
      ready: isReady(all),
      // Every lane counts what is behind it up to the stream's end, and every process what the consumer has left.
      lag: mostOf(all, 'trigger_lag_messages') ?? progress.find(({ name }) => name === trigger.function)?.lag ?? null,
      oldestSeconds: mostOf(all, 'trigger_oldest_age_seconds') ?? null,
      inFlight: isDelivered ? sumOf(all, 'trigger_in_flight_calls') : null,
      retries: sumOf(all, 'trigger_retries_total'),
      deadLetters: sumOf(all, 'trigger_dead_letters_total'),
      calls: sumOf(all, 'trigger_batches_total'),
      messagesPerCall: mean('trigger_batch_messages'),
      bytesPerCall: mean('trigger_batch_bytes'),
      secondsPerCall: mean('trigger_call_seconds'),
      attemptsPerCall: mean('trigger_attempts'),
    }
  })
}

/** A lane is delivered where one process says so: others may wait for their turn. */
function isReady(samples: readonly Sample[]): boolean | null {
  const told = samples.filter(({ name }) => name === 'trigger_lane_ready')
  const byLane = Map.groupBy(told, ({ labels }) => labels.lane)
  return told.length === 0 ? null : [...byLane.values()].every((lane) => lane.some(({ value }) => value === 1))
}

function queueOf(name: string) {
  const [kind, subject] = QUEUES.find(([prefix]) => name.startsWith(`${prefix}_`)) ?? []
  return kind && { function: name, kind, reads: `${subject}.${name.slice(kind.length + 1)}` }
}
