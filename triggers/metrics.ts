import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Call as AckedCall, Outcome as AckedOutcome, Dead } from './acked/step.ts'
import type { Outcome } from './outcome.ts'
import type { Call } from './positioned/step.ts'

/** What one lane counts. */
export type LaneMetrics = {
  started(): void
  /** @param attempts - how often this lane's call was made in a row, this one included. */
  ended(call: Call, outcome: Outcome, attempts: number, seconds: number): void
  buried(): void
  halved(times: number): void
  /** Once a second: messages of the stream behind the lane's position, and the age of the oldest that it holds. */
  stands(lag: number, oldestSeconds: number): void
  /** Once a second: whether its place in the stream is known. While it is not, nothing is delivered and nothing else is told. */
  ready(isReady: boolean): void
  /** The lane is no longer this process's. */
  gone(): void
}

/** What an acked trigger counts, under the lane `acked`. */
export type AckedMetrics = {
  started(): void
  ended(call: Pick<AckedCall<unknown>, 'messages' | 'sizeBytes'>, outcome: AckedOutcome, settled: number, seconds: number): void
  buried(dead: Pick<Dead<unknown>, 'code'>): void
  /** Once a second: messages that are not settled, and the age of the oldest in hand. */
  stands(lag: number, oldestSeconds: number): void
  /** Whether its consumer is read by this process. While none reads it nothing is delivered, and nothing else is told. */
  ready(isReady: boolean): void
  /** It is no longer delivered by this process. */
  gone(): void
}

export type TriggerMetrics = {
  readonly registry: Registry
  lane(functionName: string, lane: string): LaneMetrics
  acked(functionName: string): AckedMetrics
  epochAlarm(stream: string): void
  restarted(functionName: string): void
  purged(functionName: string, messages: number): void
  /** How many functions have annotations that are not understood. */
  invalid(functions: number): void
}

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60]
const BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]
const ATTEMPTS = [1, 2, 3, 5, 8, 12, 20, 50]
const MESSAGES = [0, 1, 10, 100, 500, 1000, 2000, 5000, 10_000, 50_000]

/** @param connected - which servers answer now. */
export function triggerMetrics(registry: Registry, connected: () => Readonly<Record<'nats' | 'gateway', boolean>>): TriggerMetrics {
  const labelNames = ['function', 'lane'] as const
  const registers = [registry]
  const of = (name: string, help: string) => ({ name: `trigger_${name}`, help, registers })
  const lag = new Gauge({ ...of('lag_messages', 'Messages of the stream behind the position'), labelNames })
  const oldest = new Gauge({
    ...of('oldest_age_seconds', 'Age of the oldest message that is not settled, by the clock of the broker'),
    labelNames,
  })
  const inFlight = new Gauge({ ...of('in_flight_calls', 'Calls under way'), labelNames })
  const batches = new Counter({ ...of('batches_total', 'Calls, by outcome'), labelNames: [...labelNames, 'outcome'] })
  const messages = new Counter({ ...of('messages_total', 'Messages settled'), labelNames })
  const bytes = new Counter({ ...of('payload_bytes_total', 'Bytes of messages sent, repeats included'), labelNames })
  const batchBytes = new Histogram({ ...of('batch_bytes', 'Bytes of messages a call'), labelNames, buckets: BYTES })
  const attempts = new Histogram({ ...of('attempts', 'How often a message of a call was sent by then'), labelNames, buckets: ATTEMPTS })
  const size = new Histogram({ ...of('batch_messages', 'Messages a call'), labelNames, buckets: MESSAGES })
  const duration = new Histogram({ ...of('call_seconds', 'Duration of calls'), labelNames, buckets: SECONDS })
  const retries = new Counter({ ...of('retries_total', 'Calls to be repeated, by status'), labelNames: [...labelNames, 'cause'] })
  const halvings = new Counter({ ...of('halvings_total', 'Batches cut in two to find a message at fault'), labelNames })
  const dead = new Counter({
    ...of('dead_letters_total', 'Messages that went to the dead letters, by the function itself or for it'),
    labelNames,
  })
  const alarms = new Counter({ ...of('epoch_alarms_total', 'Streams found re-created or rewound'), labelNames: ['stream'] })
  const restarts = new Counter({ ...of('reader_restarts_total', 'Readings begun anew'), labelNames: ['function'] })
  const purged = new Counter({
    ...of('purged_messages_total', 'Messages the stream had dropped before they were read'),
    labelNames: ['function'],
  })
  const ready = new Gauge({
    ...of('lane_ready', 'Whether a lane can be delivered: its place in its stream is known, or its consumer is read (1), or not yet (0)'),
    labelNames,
  })
  const invalid = new Gauge(of('invalid_functions', 'Functions whose annotations are not understood'))
  new Gauge({
    ...of('connected', 'Whether a server answers: nats, gateway'),
    labelNames: ['server'],
    collect() {
      for (const [server, answers] of Object.entries(connected())) this.set({ server }, answers ? 1 : 0)
    },
  })

  /** A counter that first shows up with its first count would hide that count from whoever asks for increases. */
  const begin = (labels: { readonly function: string; readonly lane: string }) => {
    for (const counter of [messages, bytes, dead]) counter.inc(labels, 0)
    purged.inc({ function: labels.function }, 0)
  }

  return {
    registry,
    lane(functionName, lane) {
      const labels = { function: functionName, lane }
      begin(labels)
      return {
        started: () => inFlight.set(labels, 1),
        ended({ head, lines }, outcome, sends, seconds) {
          inFlight.set(labels, 0)
          batches.inc({ ...labels, outcome: outcome.kind })
          bytes.inc(labels, lines.length)
          size.observe(labels, head.count)
          batchBytes.observe(labels, lines.length)
          duration.observe(labels, seconds)
          attempts.observe(labels, sends)
          if (outcome.kind === 'settled') {
            messages.inc(labels, head.count)
            dead.inc(labels, outcome.rejected)
          } else retries.inc({ ...labels, cause: outcome.kind === 'seek' ? 'position' : outcome.cause.slice(0, 3) })
        },
        buried: () => dead.inc(labels),
        halved: (times) => halvings.inc(labels, times),
        stands(behind, oldestSeconds) {
          lag.set(labels, behind)
          oldest.set(labels, oldestSeconds)
        },
        ready: (isReady) => ready.set(labels, isReady ? 1 : 0),
        gone() {
          for (const gauge of [lag, oldest, inFlight, ready]) gauge.remove(labels)
        },
      }
    },
    acked(functionName) {
      const labels = { function: functionName, lane: 'acked' }
      begin(labels)
      let calls = 0
      return {
        started: () => inFlight.set(labels, ++calls),
        ended({ messages: sent, sizeBytes }, outcome, settled, seconds) {
          inFlight.set(labels, --calls)
          batches.inc({ ...labels, outcome: outcome.kind })
          bytes.inc(labels, sizeBytes)
          size.observe(labels, sent.length)
          batchBytes.observe(labels, sizeBytes)
          duration.observe(labels, seconds)
          attempts.observe(labels, sent.reduce((most, { sends }) => Math.max(most, sends), 0)) // biome-ignore format: one call
          messages.inc(labels, settled)
          if (outcome.kind === 'done') return
          retries.inc({ ...labels, cause: outcome.kind === 'partly' ? 'partly' : outcome.cause.slice(0, 3) })
        },
        buried: () => dead.inc(labels),
        stands(behind, oldestSeconds) {
          lag.set(labels, behind)
          oldest.set(labels, oldestSeconds)
        },
        ready: (isReady) => ready.set(labels, isReady ? 1 : 0),
        gone() {
          for (const gauge of [lag, oldest, inFlight, ready]) gauge.remove(labels)
        },
      }
    },
    epochAlarm: (stream) => alarms.inc({ stream }),
    restarted: (functionName) => restarts.inc({ function: functionName }),
    purged: (functionName, count) => purged.inc({ function: functionName }, count),
    invalid: (functions) => invalid.set(functions),
  }
}
