import { connectNatsOnce } from '../../shared/adapters/nats/connect.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { CodedError, TerminalError } from '../../shared/runtime/errors.ts'
import { applyStreams } from './jetstream/apply.ts'
import { applyTables } from './questdb/apply.ts'

/** A server that has just been started may take so long to answer. */
const WAIT_MS = 60_000

/** Creates streams, bucket and tables, or brings them up to date: the one place that does. Doing it again changes nothing. */
export async function applyStorage(urls: { readonly NATS_URL: string; readonly QUESTDB_URL: string }, waitMs = WAIT_MS): Promise<void> {
  await Promise.all([applyNats(urls.NATS_URL, waitMs), applyTables(urls.QUESTDB_URL, waitMs)])
}

/**
 * The part of it that is in NATS: streams and the control bucket.
 * @throws {CodedError} ERR_UNAVAILABLE when no server answers within `waitMs`, ERR_CONFIG when it refuses.
 */
export async function applyNats(natsUrl: string, waitMs = WAIT_MS): Promise<void> {
  const connection = await connectNatsOnce({ NATS_URL: natsUrl }, 'storage', waitMs)
  try {
    await applyStreams(connection)
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TerminalError('ERR_CONFIG', `the streams cannot be applied at ${shownAddress(natsUrl)}: ${why}`, cause)
  } finally {
    await connection.close()
  }
}
