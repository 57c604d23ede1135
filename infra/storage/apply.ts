import { connectNatsOnce } from '../../shared/adapters/nats/connect.ts'
import { s3Config } from '../../shared/adapters/s3/config.ts'
import { connectS3, type S3Keys } from '../../shared/adapters/s3/connect.ts'
import { makeBucket, probePutIfAbsent } from '../../shared/adapters/s3/prepare.ts'
import { shownAddress } from '../../shared/runtime/address.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { CodedError, TerminalError } from '../../shared/runtime/errors.ts'
import { messageOf } from '../stack/problem.ts'
import { applyStreams } from './jetstream/apply.ts'
import { applyTables } from './questdb/apply.ts'

/** A server that has just been started may take so long to answer. */
const WAIT_MS = 60_000

type Urls = { readonly NATS_URL: string; readonly QUESTDB_URL: string; readonly S3_URL: string }

/** Creates streams, buckets and tables, or brings them up to date: the one place that does. Doing it again changes nothing. */
export async function applyStorage(urls: Urls, s3Keys: S3Keys, waitMs = WAIT_MS): Promise<void> {
  await Promise.all([applyNats(urls.NATS_URL, waitMs), applyTables(urls.QUESTDB_URL, waitMs), applyBucket(urls.S3_URL, s3Keys)])
}

/**
 * The bucket of the lake; a store on which tables would lose commits is refused.
 * @throws {CodedError} ERR_CONFIG when it lets several writers of one key win, or does not take the keys.
 */
export async function applyBucket(url: string, keys: S3Keys): Promise<void> {
  const s3 = connectS3(loadConfig(s3Config, { ...process.env, S3_URL: url }), keys)
  await prepare(s3, `the bucket cannot be made at ${shownAddress(url)}`, async () => {
    await makeBucket(s3)
    await probePutIfAbsent(s3)
  })
}

/**
 * The part of it that is in NATS: streams and the control bucket.
 * @throws {CodedError} ERR_UNAVAILABLE when no server answers within `waitMs`, ERR_CONFIG when it refuses.
 */
export async function applyNats(natsUrl: string, waitMs = WAIT_MS): Promise<void> {
  const connection = await connectNatsOnce({ NATS_URL: natsUrl }, 'storage', waitMs)
  await prepare(connection, `the streams cannot be applied at ${shownAddress(natsUrl)}`, () => applyStreams(connection))
}

/** Does the work and closes the connection. What fails without a code of its own is the server's refusal: ERR_CONFIG. */
async function prepare(connection: { close(): Promise<void> }, refusal: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new TerminalError('ERR_CONFIG', `${refusal}: ${messageOf(cause)}`, cause)
  } finally {
    await connection.close()
  }
}
