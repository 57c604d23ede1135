import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Ending } from './record.ts'

/** What the schedules of a process count. */
export type ScheduleMetrics = {
  /** A call begins, so long after its instant. */
  called(functionName: string, lateSeconds: number): void
  answered(functionName: string, seconds: number): void
  repeated(functionName: string): void
  ended(functionName: string, ending: Ending): void
  /** At each look: the next instant, and what this and other processes hold. */
  stands(functionName: string, nextMs: number | undefined, open: number, waiting: number): void
  gone(functionName: string): void
  /** How far this machine's clock is ahead of the broker's, by which schedules go. */
  clockAhead(seconds: number): void
}

const LATE = [0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2, 5, 10, 60, 600, 3600]
const SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800]

export function scheduleMetrics(registry: Registry): ScheduleMetrics {
  const labelNames = ['function'] as const
  const registers = [registry]
  const of = (name: string, help: string) => ({ name: `trigger_schedule_${name}`, help, registers })
  const late = new Histogram({
    ...of('late_seconds', 'How long after its instant a call began, repeats included'),
    labelNames,
    buckets: LATE,
  })
  const seconds = new Histogram({ ...of('call_seconds', 'Duration of calls'), labelNames, buckets: SECONDS })
  const repeats = new Counter({ ...of('repeats_total', 'Calls to be repeated'), labelNames })
  const instants = new Counter({
    ...of('instants_total', 'Instants that are over, by what became of them'),
    labelNames: ['function', 'outcome'],
  })
  const next = new Gauge({ ...of('next_timestamp_seconds', 'The next instant, seconds since the epoch'), labelNames })
  const open = new Gauge({ ...of('in_flight_calls', 'Instants being called, by whichever process'), labelNames })
  const ahead = new Gauge(of('clock_ahead_seconds', "This machine's clock less the broker's, by which schedules go"))
  const waiting = new Gauge({ ...of('waiting', 'Instants that wait for calls before them'), labelNames })
  return {
    called: (name, lateSeconds) => late.observe({ function: name }, lateSeconds),
    answered: (name, took) => seconds.observe({ function: name }, took),
    repeated: (name) => repeats.inc({ function: name }),
    ended: (name, ending) => instants.inc({ function: name, outcome: ending.kind }, 'count' in ending ? ending.count : 1),
    stands(name, nextMs, openNow, waitingNow) {
      if (nextMs === undefined) next.remove({ function: name })
      else next.set({ function: name }, nextMs / 1000)
      open.set({ function: name }, openNow)
      waiting.set({ function: name }, waitingNow)
    },
    clockAhead: (aheadSeconds) => ahead.set(aheadSeconds),
    gone(name) {
      for (const gauge of [next, open, waiting]) gauge.remove({ function: name })
    },
  }
}
