import type { ScheduleState } from '../../stack/schedules.ts'
import { table } from '../table.ts'
import type { FunctionState } from './functions.ts'
import type { TriggerState } from './triggers.ts'

/** One line a function; none where there are none. */
export const functionTable = (functions: readonly FunctionState[]): string[] =>
  functions.length > 0 ? table(['function', 'replicas', 'calls', 'errors', 'p50', 'p99'], functions.map(functionCells)) : []

const TRIGGER_HEAD = ['trigger of', 'kind', 'reads', 'lag', 'oldest', 'in flight', 'retries', 'dead letters']

const CALLS_HEAD = ['calls for', 'calls', 'messages a call', 'bytes a call', 'time a call', 'attempts']

/** One line a trigger of a stream, those that are not delivered by name, and one line for each that has called; none where there are none. */
export function triggerTable(triggers: readonly TriggerState[]): string[] {
  if (triggers.length === 0) return []
  const stuck = triggers.filter(({ ready }) => ready === false)
  const called = triggers.filter(({ calls }) => calls > 0)
  return [
    ...table(TRIGGER_HEAD, triggers.map(triggerCells)),
    ...stuck.map((trigger) => `${trigger.function} is not delivered: the log of the trigger says why`),
    // A table of its own: in one with the above, a line would be wider than a terminal.
    ...(called.length > 0 ? table(CALLS_HEAD, called.map(callCells)) : []),
  ]
}

const functionCells = ({ name, replicas, availableReplicas, invocationCount, errors, p50Seconds, p99Seconds }: FunctionState): string[] => [
  name,
  `${availableReplicas}/${replicas}`,
  countOf(invocationCount),
  countOf(errors),
  tookOf(p50Seconds),
  tookOf(p99Seconds),
]

const triggerCells = (trigger: TriggerState): string[] => [
  trigger.function,
  trigger.kind,
  trigger.reads,
  countOf(trigger.lag),
  tookOf(trigger.oldestSeconds),
  countOf(trigger.inFlight),
  countOf(trigger.retries),
  countOf(trigger.deadLetters),
]

const callCells = (trigger: TriggerState): string[] => [
  trigger.function,
  countOf(trigger.calls),
  meanOf(trigger.messagesPerCall),
  meanOf(trigger.bytesPerCall),
  tookOf(trigger.secondsPerCall),
  meanOf(trigger.attemptsPerCall),
]

/** 1234.56 -> `1,234.6`; what is small keeps another digit, since a mean of attempts is seldom far from 1. */
const meanOf = (mean: number | null): string =>
  mean?.toLocaleString('en', { maximumFractionDigits: mean < 10 ? 2 : mean < 10_000 ? 1 : 0 }) ?? '-'

const countOf = (count: number | null): string => count?.toLocaleString('en') ?? '-'

/** 0.0042 -> `4.2 ms`, 3.25 -> `3.3 s`, 3725 -> `1:02:05`. */
const tookOf = (seconds: number | null): string => {
  if (seconds === null) return '-'
  if (seconds >= 100) return spanOf(Math.round(seconds))
  return seconds >= 1 ? `${seconds.toFixed(1)} s` : `${(seconds * 1000).toFixed(1)} ms`
}

/** 3725 -> `1:02:05`. */
export const spanOf = (seconds: number): string => {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** 1784548800000 -> `2026-07-20 12:00:00`, in UTC. */
export const timeOf = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ')

export function scheduleTable(schedules: readonly ScheduleState[]): string[] {
  if (schedules.length === 0) return []
  return table(
    ['schedule of', 'by', 'next (UTC)', 'last', 'became', 'under way', 'waiting'],
    schedules.map(({ name, of, next, last, open, waiting }) => {
      return [name, of, timeOf(next), timeOf(last?.at), last?.kind ?? '-', `${open.length}`, `${waiting}`]
    }),
  )
}
