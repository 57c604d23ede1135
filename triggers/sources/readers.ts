import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { beginKey } from '../../shared/contract/control-keys.ts'
import { CONTROL_BUCKET } from '../../shared/contract/streams.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { Progress, StreamState } from './brake.ts'

const PREFIX = `$KV.${CONTROL_BUCKET}.`

/** What the control bucket holds of every reader: its progress and where it began. Nothing where no reader has ever started. */
async function readControl(nc: NatsConnection): Promise<StoredMsg[]> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 2_000 })
  const entries: StoredMsg[] = []
  try {
    const subjects = [`${PREFIX}progress.>`, `${PREFIX}begin.>`]
    for await (const entry of await manager.direct.getLastMessagesFor(`KV_${CONTROL_BUCKET}`, { multi_last: subjects })) entries.push(entry)
  } catch (error) {
    if (!(error instanceof Error && /no results|not found|no responders/i.test(error.message))) throw error
  }
  // A deleted key leaves a marker without a body.
  return entries.filter(({ data }) => data.length > 0)
}

/**
 * Asks the broker how far the readers are and how full the stream is.
 * A reader of this stream lags by all after its position, also while it does not report; that of another stream by what it last said.
 * @throws when the broker does not answer.
 */
export async function readState(nc: NatsConnection, stream: string): Promise<{ progress: Progress[]; state: StreamState }> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 2_000 })
  // In this order: a position is never beyond a last sequence read after it.
  const control = await readControl(nc)
  const info = await manager.streams.info(stream)
  const { last_seq, messages, bytes } = info.state
  const keyOf = ({ subject }: StoredMsg) => subject.slice(PREFIX.length)
  const begun = new Set(control.map(keyOf))
  const progress = control
    .filter((entry) => keyOf(entry).startsWith('progress.'))
    .map((entry): Progress => {
      const { version, lag } = entry.json<{ version: number; lag: number }>()
      const key = keyOf(entry)
      const ours = begun.has(beginKey(key.slice('progress.'.length, key.lastIndexOf('.')), stream))
      return { key, atMs: entry.time.getTime(), lag: ours ? Math.max(0, last_seq - sequenceOf(version)) : lag }
    })
  return { progress, state: { messages, bytes, maxBytes: info.config.max_bytes, nowMs: Date.parse(info.ts ?? '') } }
}
