import { S3_DEVELOPMENT_KEYS } from '../../infra/stack/services/s3.ts'
import { connectS3, type S3 } from '../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../shared/adapters/s3/object-store.ts'
import { BUCKET } from '../../shared/contract/lake.ts'
import { startServers } from './servers.ts'

/** The bucket of a test's own server. */
export const s3Of = (url: string): S3 => connectS3({ S3_URL: url, S3_REGION: 'us-east-1', S3_BUCKET: BUCKET }, S3_DEVELOPMENT_KEYS)

/** Starts an S3 server for a test file, and others beside it, with a client that is closed when they are stopped. */
export async function startS3(others: Parameters<typeof startServers>[0] = {}) {
  const servers = await startServers({ ...others, s3: true })
  const url = servers.urls.S3_URL
  const s3 = s3Of(url)
  const stop = async () => {
    await s3.close()
    await servers.stop()
  }
  return { ...servers, url, s3, store: s3ObjectStore(s3), stop }
}
export type TestS3 = Awaited<ReturnType<typeof startS3>>
