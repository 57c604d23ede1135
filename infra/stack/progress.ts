import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { CONTROL_BUCKET } from '../../shared/contract/streams.ts'
import { sequenceOf } from '../../shared/domain/version.ts'

/** How far one function has read its stream: `read` messages since the stream began, `lag` still before it. */
export type Progress = { readonly name: string; readonly read: number; readonly lag: number }

/** What the triggers write down each second, as one line per function. Empty before their first word. */
export async function readProgress(connection: NatsConnection): Promise<Progress[]> {
  const bucket = await new Kvm(connection).open(CONTROL_BUCKET)
  const lanes: Lane[] = []
  for await (const key of await bucket.keys('progress.>')) {
    const entry = await bucket.get(key)
    const lane = entry?.operation === 'PUT' ? laneOf(key, entry.json(), entry.created) : undefined
    if (lane) lanes.push(lane)
  }
  return [...Map.groupBy(lanes, ({ name }) => name)].map(([name, all]) => {
    const newest = all.reduce((a, b) => (b.writtenAt > a.writtenAt ? b : a))
    // Lanes of an earlier number of readers stay written: only those of the newest number count.
    const live = all.filter(({ readers }) => readers === newest.readers)
    return { name, read: Math.max(...live.map(({ read }) => read)), lag: Math.max(...live.map(({ lag }) => lag)) }
  })
}

type Lane = Progress & { readonly readers: string; readonly writtenAt: Date }

const laneOf = (key: string, value: { version: number; lag: number }, writtenAt: Date): Lane | undefined => {
  const [, name, readers] = /^progress\.(.+)\.\d+-of-(\d+)$/.exec(key) ?? []
  return name && readers ? { name, readers, read: sequenceOf(value.version), lag: value.lag, writtenAt } : undefined
}
