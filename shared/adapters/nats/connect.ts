import { type ConnectionOptions, connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { shownAddress } from '../../runtime/address.ts'
import { RetryableError } from '../../runtime/errors.ts'
import { createLog } from '../../runtime/log.ts'
import type { Resource } from '../../runtime/resource.ts'
import { Troubles } from '../../runtime/trouble.ts'
import { natsAddress } from './config.ts'

/** One connection to NATS, which comes back by itself for as long as the process lives. */
export type Nats = Resource & {
  readonly url: string
  /** The connection once it was there for the first time; it may be away again. */
  readonly connection: Promise<NatsConnection>
  /** The connection if it is there now. */
  now(): NatsConnection | undefined
  /** Resolves when the connection is there. */
  there(): Promise<void>
  /**
   * Does what needs the connection.
   * @throws {RetryableError} ERR_UNAVAILABLE at once while the connection is away, and as soon as it is lost: no answer comes any more, and
   *   the client itself would wait for one until its time is up. Whether the server did it is then unknown.
   */
  during<T>(work: (connection: NatsConnection) => Promise<T>): Promise<T>
  /** Calls back at every loss of the connection (`false`) and at every return, the first included (`true`). */
  onChange(changed: (there: boolean) => void): void
}

const CONNECTION = 'the connection to NATS'
const RECONNECT_MS = 50
const REFUSED_MS = 500
const PING_MS = 5000
const ONE_CONNECT_MS = 2000

/** Where a server is and who asks, in the client's words. */
function serverOf(url: string, name: string): ConnectionOptions {
  const { host, port, tls, credentials } = natsAddress(url)
  const { auth_token: token, ...user } = credentials as { auth_token?: string; user?: string; pass?: string }
  return {
    servers: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    name,
    // The client would build an error with its stack before every request, in case it fails.
    noAsyncTraces: true,
    ...user,
    ...(token === undefined ? {} : { token }),
    ...(tls ? { tls: {} } : {}),
  }
}

/**
 * Connects for a task that ends: to a server that is there, or comes within `waitMs`.
 * @throws {RetryableError} ERR_UNAVAILABLE naming the server and what it, or the network, says.
 */
export async function connectNatsOnce({ NATS_URL }: { readonly NATS_URL: string }, name: string, waitMs: number): Promise<NatsConnection> {
  const deadline = performance.now() + waitMs
  for (;;) {
    try {
      return await connect({ ...serverOf(NATS_URL, name), timeout: ONE_CONNECT_MS, reconnect: false })
    } catch (error) {
      if (performance.now() + REFUSED_MS > deadline)
        throw new RetryableError('ERR_UNAVAILABLE', `NATS at ${shownAddress(NATS_URL)}: ${reason(error)}`)
      await new Promise((resolve) => setTimeout(resolve, REFUSED_MS))
    }
  }
}

const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

/**
 * Starts connecting and returns at once: `ready` tells when the server is there.
 * @param name - shown in the server's monitoring.
 * @param troubles - told when the server refuses, such as for wrong credentials; a log of that name unless given.
 */
export function connectNats({ NATS_URL }: { readonly NATS_URL: string }, name: string, troubles = new Troubles(createLog(name))): Nats {
  const listeners: ((there: boolean) => void)[] = []
  let there = false
  let current: NatsConnection | undefined
  let closed = false
  let arrival = Promise.withResolvers<void>()
  const interrupted = new Set<() => void>()
  const change = (now: boolean) => {
    if (there && !now) arrival = Promise.withResolvers()
    there = now
    if (there) {
      arrival.resolve()
      troubles.worked(CONNECTION)
    } else for (const interrupt of interrupted) interrupt()
    for (const listener of listeners) listener(now)
  }
  const options: ConnectionOptions = {
    ...serverOf(NATS_URL, name),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    pingInterval: PING_MS,
    // Credentials may be put right on either side while this process lives.
    ignoreAuthErrorAbort: true,
  }
  const connectFirst = async (): Promise<NatsConnection> => {
    while (!closed) {
      try {
        return await connect(options)
      } catch (error) {
        // The client can wait for its first connection by itself, but then it never says why there is none.
        troubles.failed(CONNECTION, error)
        await new Promise((resolve) => setTimeout(resolve, error instanceof errors.ConnectionError ? RECONNECT_MS : REFUSED_MS))
      }
    }
    return new Promise<never>(() => {})
  }
  const connection = connectFirst().then((made) => {
    current = made
    if (closed) void made.close()
    void watch(made, change, (error) => troubles.failed(CONNECTION, error))
    change(true)
    return made
  })

  return {
    name: 'nats',
    url: NATS_URL,
    connection,
    now: () => (there ? current : undefined),
    there: () => arrival.promise,
    during: (work) =>
      new Promise((resolve, reject) => {
        const interrupt = () => reject(new RetryableError('ERR_UNAVAILABLE', 'NATS is away'))
        if (!there || !current) return interrupt()
        interrupted.add(interrupt)
        work(current)
          .then(resolve, reject)
          .finally(() => interrupted.delete(interrupt))
      }),
    onChange: (changed) => void listeners.push(changed),
    ready: async () => there,
    async close() {
      closed = true
      await current?.close()
    },
  }
}

async function watch(connection: NatsConnection, change: (there: boolean) => void, onTrouble: (error: unknown) => void): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') change(false)
    else if (status.type === 'reconnect') change(true)
    else if (status.type === 'error') onTrouble(status.error)
  }
  change(false)
}
