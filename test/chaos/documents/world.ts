import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Redis } from 'ioredis'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { sequenceOf } from '../../../shared/domain/version.ts'
import type { Lake } from '../../support/lake.ts'
import type { OwnStack } from '../../support/own-stack.ts'
import { reachedBy, until } from '../../support/progress.ts'
import type { S3Proxy } from '../../support/s3-proxy.ts'
import type { Sent } from './corpus.ts'
import { SINKS, type Sink } from './schedule.ts'

/** What the faults of documents act on. */
export type DocumentWorld = {
  readonly stack: OwnStack
  readonly connection: NatsConnection
  readonly valkey: Redis
  /** The table of documents, without the proxy. */
  readonly lake: Lake
  readonly proxy: S3Proxy
  readonly env: Readonly<Record<string, string>>
  readonly kills: Map<string, number>
  /** All that was given to the broker so far, in this order. */
  readonly sent: readonly Sent[]
}

const STREAM = STREAMS.ALT_DATA.name
/** OpenSearch takes its time to come back, minutes where others use the machine; what waited meanwhile has to be worked off. */
const BACK_MS = 600_000
/** Each question for a position is two requests to OpenSearch, which has enough to do when it starts. */
const EVERY_MS = 200

/** Up to which message a function has stored documents. */
export const reached = async ({ stack }: DocumentWorld, sink: Sink): Promise<number> =>
  sequenceOf((await reachedBy(stack.urls.GATEWAY_URL, sink, STREAM)).least)

/** The last message of the stream. */
export async function headOf({ connection }: DocumentWorld): Promise<number> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 2000 })
  return (await manager.streams.info(STREAM)).state.last_seq
}

/** Waits until what is published from now on is stored by some functions, and tells how long that took, ms. */
export function storedBy(world: DocumentWorld, sinks: readonly Sink[] = SINKS): Promise<number> {
  // Each has one place in the stream, whatever was published twice.
  const offered = world.sent.length
  return timeUntil(`a document published after the fault is stored by ${sinks.join(' and ')}`, async () => {
    const reachedBySinks = await Promise.all(sinks.map((sink) => reached(world, sink)))
    return reachedBySinks.every((sequence) => sequence > offered)
  })
}

/** Waits until both functions have stored all that the stream holds. */
export const allStored = (world: DocumentWorld): Promise<number> =>
  timeUntil('all documents are stored', async () => {
    const [head, ...reachedBySinks] = await Promise.all([headOf(world), ...SINKS.map((sink) => reached(world, sink))])
    return head! >= world.sent.length && reachedBySinks.every((sequence) => sequence >= head!)
  })

async function timeUntil(what: string, yes: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  await until(what, yes, BACK_MS, EVERY_MS)
  return performance.now() - started
}
