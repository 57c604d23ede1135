import { AckPolicy, type ConsumerInfo, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Nats } from './connect.ts'
import { natsManager } from './manager.ts'

/** Where a durable consumer stands. */
type DurableState = {
  /** Every message up to this sequence is settled. */
  readonly floor: number
  /** The last sequence that was delivered. */
  readonly delivered: number
  /** Messages that wait to be delivered, and those that were delivered and not acknowledged yet. */
  readonly pending: number
  readonly unsettled: number
}

type Wanted = { readonly subjects: readonly string[]; readonly ackWaitMs: number }

/** One durable consumer with explicit acknowledgements. Every call fails at once while the server is away. */
export type Durable = {
  readonly name: string
  /** Undefined where there is no such consumer. */
  state(): Promise<DurableState | undefined>
  /** Makes it, so that its first message is the one at `start` or the next after it. Where another was first, that one stays. */
  create(start: number, wanted: Wanted): Promise<void>
  /**
   * Brings it to what is wanted. Where it stands is kept; with other subjects it goes back to `since`, as it has passed over those until now.
   * @returns false where there is no such consumer.
   */
  update(wanted: Wanted, since: () => Promise<number>): Promise<boolean>
  /** Forgets what was delivered and not settled: all behind the floor is delivered again, in stream order. */
  reset(): Promise<void>
  /** Deletes it, if it is there. */
  remove(): Promise<void>
}

const API_TIMEOUT_MS = 2000
/** Held back by what the trigger processes hold, never by the server. */
const UNLIMITED = -1
const NAME_IN_USE = 10148
/** A stream that keeps messages until they are settled holds nothing that was: a consumer of it begins at its first. */
const OF_WORK = 10101

export function natsDurable(nats: Nats, stream: string, name: string): Durable {
  const ask = natsManager(nats, API_TIMEOUT_MS)
  const info = (): Promise<ConsumerInfo | undefined> =>
    ask(async ({ consumers }) => {
      try {
        return await consumers.info(stream, name)
      } catch (error) {
        if (isGone(error)) return undefined
        throw error
      }
    })
  return {
    name,
    async state() {
      const found = await info()
      if (!found) return undefined
      const { ack_floor, delivered, num_pending, num_ack_pending } = found
      return { floor: ack_floor.stream_seq, delivered: delivered.stream_seq, pending: num_pending, unsettled: num_ack_pending }
    },
    async create(start, wanted) {
      const config = {
        durable_name: name,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.max(1, start),
        ack_policy: AckPolicy.Explicit,
        replay_policy: ReplayPolicy.Instant,
        max_deliver: UNLIMITED,
        max_ack_pending: UNLIMITED,
        ...configOf(wanted),
      }
      const { opt_start_seq: _, ...fromTheFirst } = { ...config, deliver_policy: DeliverPolicy.All }
      await ask(({ consumers }) => consumers.add(stream, config)).catch(async (error: unknown) => {
        if (hasCode(error, OF_WORK)) return ask(({ consumers }) => consumers.add(stream, fromTheFirst))
        if (!hasCode(error, NAME_IN_USE)) throw error
      })
    },
    async update(wanted, since) {
      const found = await info()
      if (!found) return false
      const config = configOf(wanted)
      const subjects = filtersOf(found.config)
      if (String(subjects) === String(config.filter_subjects)) {
        if (found.config.ack_wait !== config.ack_wait) await ask(({ consumers }) => consumers.update(stream, name, config))
        return true
      }
      const back = Math.max(Math.min(found.ack_floor.stream_seq + 1, await since()), found.config.opt_start_seq ?? 1)
      // Before, so that nothing is passed over when this process dies in between; and after, as another may have gone on by the old subjects.
      await ask(({ consumers }) => consumers.reset(stream, name, back))
      await ask(({ consumers }) => consumers.update(stream, name, config))
      await ask(({ consumers }) => consumers.reset(stream, name, back))
      return true
    },
    async reset() {
      await ask(({ consumers }) => consumers.reset(stream, name))
    },
    async remove() {
      await ask(({ consumers }) => consumers.delete(stream, name)).catch((error: unknown) => {
        if (!isGone(error)) throw error
      })
    },
  }
}

/** The consumer is not there, or its whole stream is not. */
const isGone = (error: unknown): boolean => error instanceof Error && /(consumer|stream) not found/i.test(error.message)

const configOf = ({ subjects, ackWaitMs }: Wanted) => ({ ack_wait: nanos(ackWaitMs), filter_subjects: [...subjects] })

/** The server keeps a single filter in a field of its own. */
const filtersOf = ({ filter_subject, filter_subjects }: ConsumerInfo['config']): string[] =>
  filter_subjects ?? (filter_subject ? [filter_subject] : [])

const hasCode = (error: unknown, code: number): boolean => error instanceof Error && 'code' in error && error.code === code
