import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'

/** By subject the time of the newest tick that the stream holds; a subject without one is left out. A message may hold several ticks, the newest last. */
export async function newestStored(nc: NatsConnection, stream: string, subjects: readonly string[]): Promise<Map<string, number>> {
  const manager = await jetstreamManager(nc, { checkAPI: false })
  const newest = new Map<string, number>()
  for (const subject of subjects) {
    const message = await manager.direct.getMessage(stream, { last_by_subj: subject })
    if (!message) continue
    const { timestamp } = JSON.parse(message.string().trim().split('\n').at(-1) ?? '') as { timestamp: number }
    newest.set(subject, timestamp)
  }
  return newest
}
