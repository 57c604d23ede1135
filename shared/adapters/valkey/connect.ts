import { Redis } from 'ioredis'
import { createLog } from '../../runtime/log.ts'
import type { Resource } from '../../runtime/resource.ts'
import { Troubles } from '../../runtime/trouble.ts'

/** The connections of one process: `state` is database 0, `cache` database 1. */
export type Valkey = Resource & { readonly state: Redis; readonly cache: Redis }

/**
 * Connects in the background and for ever. Commands wait for the connection and are sent again after one was lost: each of ours may be done twice.
 * @param troubles - told when the server is away or refuses; a log unless given.
 */
export function connectValkey({ VALKEY_URL }: { readonly VALKEY_URL: string }, troubles = new Troubles(createLog('valkey'))): Valkey {
  const open = (db: number) => {
    const client = new Redis(VALKEY_URL, {
      db,
      connectTimeout: 2_000,
      retryStrategy: () => 50,
      maxRetriesPerRequest: null,
      // After a restart the client would wait for the server's own estimate of its loading time, a second at least.
      maxLoadingRetryTime: 50,
    })
    const connection = `the connection to Valkey (database ${db})`
    // The client's own error carries the command it failed at: AUTH, with the password.
    client.on('error', ({ message }: Error) => troubles.failed(connection, new Error(message)))
    client.on('ready', () => troubles.worked(connection))
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
