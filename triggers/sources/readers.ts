import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { CONTROL_BUCKET } from '../../shared/contract/streams.ts'
import type { Progress, StreamState } from './brake.ts'

const SUBJECT = `$KV.${CONTROL_BUCKET}.`

const progressOf = (entry: StoredMsg): Progress | undefined => {
  // A deleted key leaves a marker without a body.
  if (entry.data.length === 0) return undefined
  const { lag } = entry.json<{ lag: number }>()
  return { key: entry.subject.slice(SUBJECT.length), revision: entry.seq, atMs: entry.time.getTime(), lag }
}

/** What every reader of the platform last reported; none where none has. */
async function readProgress(manager: JetStreamManager): Promise<Progress[]> {
  const progress: Progress[] = []
  try {
    const entries = await manager.direct.getLastMessagesFor(`KV_${CONTROL_BUCKET}`, { multi_last: [`${SUBJECT}progress.>`] })
    for await (const entry of entries) progress.push(...[progressOf(entry)].filter((p) => p !== undefined))
  } catch (error) {
    if (!(error instanceof Error && /no results|not found|no responders/i.test(error.message))) throw error
  }
  return progress
}

/** Asks the broker how far the readers are and how full the stream is. @throws when the broker does not answer. */
export async function readState(nc: NatsConnection, stream: string): Promise<{ progress: Progress[]; state: StreamState }> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 2_000 })
  const [progress, info] = await Promise.all([readProgress(manager), manager.streams.info(stream)])
  const { last_seq, messages, bytes } = info.state
  return {
    progress,
    state: { lastSequence: last_seq, messages, bytes, maxBytes: info.config.max_bytes, nowMs: Date.parse(info.ts ?? '') },
  }
}
