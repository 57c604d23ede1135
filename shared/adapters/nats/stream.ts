import { AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Nats } from './connect.ts'
import { natsManager } from './manager.ts'

/** What a stream holds now. Sequences of 0 mean: no message yet. `now` is the broker's clock, ms; `created` tells one life of a stream from the next. */
export type StreamState = {
  readonly created: string
  readonly first: number
  readonly last: number
  readonly nowMs: number
  /** From the stream's metadata; undefined where nobody has set it. */
  readonly slots: number | undefined
}

type StoredMessage = {
  readonly subject: string
  readonly data: Uint8Array
  /** Broker's time: ns since the epoch, decimal. */
  readonly ns: string
  /** The header block as NATS writes it; undefined where there is no header. */
  readonly headers: string | undefined
}

/** One stream, as a positioned reader needs it. Every call fails at once while the server is away. */
export type StreamAccess = {
  readonly name: string
  state(): Promise<StreamState>
  /** Undefined where the stream does not hold that message. */
  message(sequence: number): Promise<StoredMessage | undefined>
  /** The newest sequence that any of these subjects (wildcards allowed) has; 0 where there is none. */
  lastOf(subjects: readonly string[]): Promise<number>
  /** The first sequence whose broker time is at or after `ns`; the next one to come if there is none. */
  sequenceAt(ns: bigint): Promise<number>
  /** Makes a consumer for one reading from `start` on; it lives in memory and dies unused. Gives its name. */
  consumer(start: number, subjects: readonly string[]): Promise<string>
  removeConsumer(name: string): Promise<void>
}

/** Whether a call failed because there is no such stream. */
export const isStreamAbsent = (error: unknown): boolean => error instanceof Error && error.name === 'StreamNotFoundError'

const API_TIMEOUT_MS = 2000
/** A reader whose lanes are full asks for nothing; a consumer dropped after that long is simply made again. */
const UNUSED_MS = 60_000

export function natsStream(nats: Nats, name: string): StreamAccess {
  const ask = natsManager(nats, API_TIMEOUT_MS)
  const base = {
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(UNUSED_MS),
  }
  return {
    name,
    async state() {
      const { created, state, ts, config } = await ask(({ streams }) => streams.info(name))
      const slots = Number(config.metadata?.slots)
      return {
        created,
        first: state.first_seq,
        last: state.last_seq,
        nowMs: Date.parse(ts ?? created),
        slots: slots > 0 ? slots : undefined,
      }
    },
    async message(sequence) {
      const found = await ask(({ streams }) => streams.getMessage(name, { seq: sequence }))
      if (!found) return undefined
      const headers = found.header.toString() || undefined
      return { subject: found.subject, data: found.data, ns: nsOf(found.timestamp), headers }
    },
    async lastOf(subjects) {
      const newest = await ask(({ streams }) => Promise.all(subjects.map((subject) => streams.getMessage(name, { last_by_subj: subject }))))
      return Math.max(0, ...newest.map((message) => message?.seq ?? 0))
    },
    sequenceAt(ns) {
      const config = { ...base, deliver_policy: DeliverPolicy.StartTime, opt_start_time: isoOf(ns) }
      return ask(async ({ consumers }) => {
        const consumer = await consumers.add(name, config)
        await consumers.delete(name, consumer.name)
        return consumer.delivered.stream_seq + 1
      })
    },
    async consumer(start, subjects) {
      const filter = subjects.length === 0 ? {} : { filter_subjects: [...subjects] }
      const config = { ...base, ...filter, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start }
      return (await ask(({ consumers }) => consumers.add(name, config))).name
    },
    async removeConsumer(consumer) {
      await ask(({ consumers }) => consumers.delete(name, consumer))
    },
  }
}

/** `2024-08-08T23:54:15.342000001Z` as ns. The server leaves out zeros at the end. */
export function nsOf(iso: string): string {
  const [, seconds, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(iso) ?? []
  const ns = `${Date.parse(`${seconds}Z`) / 1000}${fraction.padEnd(9, '0')}`
  if (!/^\d+$/.test(ns)) throw new RangeError(`not a time in UTC: ${iso}`)
  return ns
}

const isoOf = (ns: bigint): string => {
  const text = ns.toString().padStart(10, '0')
  return `${new Date(Number(text.slice(0, -9)) * 1000).toISOString().slice(0, -5)}.${text.slice(-9)}Z`
}
