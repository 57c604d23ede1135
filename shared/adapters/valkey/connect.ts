import { Redis } from 'ioredis'
import type { Resource } from '../../runtime/resource.ts'

/** The connections of one process: `state` is database 0, `cache` database 1. */
export type Valkey = Resource & { readonly state: Redis; readonly cache: Redis }

/**
 * Connects in the background and for ever. Commands wait for the connection and are sent again after one was lost: each of ours may be done twice.
 * @param onTrouble - told of each lost connection.
 */
export function connectValkey({ VALKEY_URL }: { readonly VALKEY_URL: string }, onTrouble: (error: Error) => void = () => {}): Valkey {
  const open = (db: number) => {
    const client = new Redis(VALKEY_URL, {
      db,
      connectTimeout: 2_000,
      retryStrategy: () => 50,
      maxRetriesPerRequest: null,
      // After a restart the client would wait for the server's own estimate of its loading time, a second at least.
      maxLoadingRetryTime: 50,
    })
    client.on('error', onTrouble)
    return client
  }
  const [state, cache] = [open(0), open(1)]
  return {
    name: 'valkey',
    state,
    cache,
    ready: async () => state.status === 'ready' && (await state.ping()) === 'PONG',
    async close() {
      for (const client of [state, cache]) client.disconnect()
    },
  }
}
