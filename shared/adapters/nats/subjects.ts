import type { Nats } from './connect.ts'
import { natsManager } from './manager.ts'

const API_TIMEOUT_MS = 2000

/** Asks how many messages of each subject a stream holds now. Fails at once while the server is away. */
export function natsSubjects(nats: Nats, stream: string): () => Promise<ReadonlyMap<string, number>> {
  const ask = natsManager(nats, API_TIMEOUT_MS)
  return async () => {
    const { state } = await ask(({ streams }) => streams.info(stream, { subjects_filter: '>' }))
    return new Map(Object.entries(state.subjects ?? {}))
  }
}
