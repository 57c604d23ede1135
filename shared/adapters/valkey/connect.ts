import { Redis } from 'ioredis'
import { createLog } from '../../runtime/log.ts'
import type { Resource } from '../../runtime/resource.ts'
import { Troubles } from '../../runtime/trouble.ts'

/** The database of first messages of documents. */
const DOCUMENTS = 3

/** The connections of one process: `state` is database 0, `cache` database 1. */
export type Valkey = Resource & { readonly state: Redis; readonly cache: Redis }

type Config = { readonly VALKEY_URL: string }

/**
 * Connects in the background and for ever. Commands wait for the connection and are sent again after one was lost: each of ours may be done twice.
 * @param troubles - told when the server is away or refuses; a log unless given.
 */
export function connectValkey({ VALKEY_URL }: Config, troubles = newTroubles()): Valkey {
  const [state, cache] = [open(VALKEY_URL, 0, troubles), open(VALKEY_URL, 1, troubles)]
  return { state, cache, ...resource(state, cache) }
}

/** Connects, in the same way, to the database of first messages of documents alone. */
export function connectDocuments({ VALKEY_URL }: Config, troubles = newTroubles()): Resource & { readonly documents: Redis } {
  const documents = open(VALKEY_URL, DOCUMENTS, troubles)
  return { documents, ...resource(documents) }
}

const newTroubles = () => new Troubles(createLog('valkey'))

function open(url: string, db: number, troubles: Troubles): Redis {
  const client = new Redis(url, {
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

const resource = (first: Redis, ...others: readonly Redis[]): Resource => ({
  name: 'valkey',
  ready: async () => first.status === 'ready' && (await first.ping()) === 'PONG',
  async close() {
    for (const client of [first, ...others]) client.disconnect()
  },
})
