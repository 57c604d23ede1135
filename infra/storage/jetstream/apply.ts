import { DiscardPolicy, type JetStreamManager, jetstreamManager, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import { CONTROL_BUCKET, STREAMS, type StreamSpec } from '../../../shared/contract/streams.ts'
import { TerminalError } from '../../../shared/runtime/errors.ts'

/** The setting a stream carries its slot count in, so that a later count can be compared. */
const SLOTS = 'slots'

/**
 * Creates the streams and the control bucket, or brings them to the settings of `shared/contract/streams.ts`. Doing it again changes nothing.
 * @throws {TerminalError} ERR_CONFIG when a stream was made with another number of slots: positions are kept by slot, so it can never change.
 */
export async function applyStreams(connection: NatsConnection, streams: readonly StreamSpec[] = Object.values(STREAMS)): Promise<void> {
  const manager = await jetstreamManager(connection)
  for (const spec of streams) await applyStream(manager, spec)
  await new Kvm(connection).create(CONTROL_BUCKET, { history: 1, storage: StorageType.File })
}

async function applyStream(manager: JetStreamManager, spec: StreamSpec): Promise<void> {
  const wanted = configOf(spec)
  const found = await manager.streams.info(spec.name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (!found) {
    await manager.streams.add(wanted)
    return
  }
  const slots = found.config.metadata?.[SLOTS]
  if (slots !== undefined && slots !== String(spec.slots)) {
    throw new TerminalError('ERR_CONFIG', `stream ${spec.name} has ${slots} slots, the settings say ${spec.slots}: this can never change`)
  }
  if (differs(found.config, wanted))
    await manager.streams.update(spec.name, { ...found.config, ...wanted, metadata: { ...found.config.metadata, ...wanted.metadata } })
}

const configOf = (spec: StreamSpec) => ({
  name: spec.name,
  subjects: [...spec.subjects],
  storage: StorageType.File,
  retention: spec.keeps === 'work' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
  discard: spec.refusesWhenFull ? DiscardPolicy.New : DiscardPolicy.Old,
  max_age: nanos(spec.maxAgeMs),
  max_bytes: spec.maxBytes,
  duplicate_window: nanos(spec.duplicateWindowMs),
  // Readers check single messages by sequence.
  allow_direct: true,
  // Sources publish in batches that the server checks for gaps (ADR-50).
  allow_batched: true,
  metadata: { [SLOTS]: String(spec.slots) },
})

const differs = (found: StreamConfig, { metadata, ...wanted }: ReturnType<typeof configOf>): boolean =>
  found.metadata?.[SLOTS] !== metadata[SLOTS] ||
  Object.entries(wanted).some(([key, value]) => JSON.stringify(found[key as keyof StreamConfig]) !== JSON.stringify(value))

const isNotFound = (error: unknown): boolean => error instanceof Error && /stream not found/i.test(error.message)
