import { jetstreamManager } from '@nats-io/jetstream'
import type { Nats } from './connect.ts'

const API_TIMEOUT_MS = 2000

/** How many messages of each subject a stream holds now. Fails at once while the server is away. */
export const subjectsOf = (nats: Nats, stream: string): Promise<ReadonlyMap<string, number>> =>
  nats.during(async (connection) => {
    const { streams } = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false })
    const { state } = await streams.info(stream, { subjects_filter: '>' })
    return new Map(Object.entries(state.subjects ?? {}))
  })
