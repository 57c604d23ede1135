import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { Nats } from './connect.ts'

/** Asks the server's JetStream API: on the connection there is now, made by the first that asks. A question fails at once while the server is away. */
export type Ask = <T>(work: (manager: JetStreamManager) => Promise<T>) => Promise<T>

export function natsManager(nats: Nats, timeoutMs: number): Ask {
  let made: Promise<JetStreamManager> | undefined
  return (work) =>
    nats.during(async (connection) => {
      made ??= jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false })
      return work(await made)
    })
}
