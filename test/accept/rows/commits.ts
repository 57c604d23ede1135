import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { stateKey } from '../../../shared/adapters/valkey/keys.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { sequenceOf } from '../../../shared/domain/version.ts'
import { until } from '../../support/progress.ts'

const STREAM = STREAMS.MARKET_TICKS.name

/** The commits of one slot, seen from outside: its position in Valkey, looked at each millisecond. */
export type Commits = {
  /** Waits until everything that the stream holds now is committed. */
  reach(connection: NatsConnection): Promise<void>
  /** For each message of a subject: from the broker's time of it to the first look that found it committed, ms. Late by up to a look, never early. */
  latencies(connection: NatsConnection, subject: string): Promise<number[]>
  close(): Promise<void>
}

export async function watchCommits(valkeyUrl: string, slot: number): Promise<Commits> {
  const valkey = new Redis(valkeyUrl)
  const seen: { sequence: number; atMs: number }[] = []
  let over = false
  const look = async () => {
    const version = await valkey.hget(stateKey(slot), '@version')
    const atMs = performance.timeOrigin + performance.now()
    const sequence = version === null ? 0 : sequenceOf(Number(version))
    if (sequence > (seen.at(-1)?.sequence ?? -1)) seen.push({ sequence, atMs })
  }
  await look()
  const looking = (async () => {
    while (!over) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  return {
    async reach(connection) {
      const { state } = await (await jetstreamManager(connection)).streams.info(STREAM)
      await until('all ticks are committed', async () => (seen.at(-1)?.sequence ?? 0) >= state.last_seq, 60_000, 1)
    },
    async latencies(connection, subject) {
      const found: number[] = []
      const consumer = await jetstream(connection).consumers.get(STREAM, { filter_subjects: subject })
      const { num_pending } = await consumer.info()
      let at = 0
      for await (const { info } of await consumer.consume({ max_messages: 5000 })) {
        while (seen[at]!.sequence < info.streamSequence) at++
        found.push(seen[at]!.atMs - info.timestampNanos / 1e6)
        if (found.length === num_pending) break
      }
      return found
    },
    async close() {
      over = true
      await looking
      valkey.disconnect()
    },
  }
}
