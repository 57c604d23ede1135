import { connectS3, type S3Keys } from '../../../shared/adapters/s3/connect.ts'
import { makeBucket, roundTrip } from '../../../shared/adapters/s3/prepare.ts'
import { BUCKET } from '../../../shared/contract/lake.ts'

/**
 * Whether the server is the one started here (it knows keys that were made for it alone) and stores what it is given: its S3 part answers before the
 * part that holds the bytes is there. SeaweedFS takes the next port without a word where its own is taken, so an answer alone proves nothing.
 */
export function takesWrites(url: string, launcher: S3Keys): () => Promise<boolean> {
  const s3 = connectS3({ S3_URL: url, S3_REGION: 'us-east-1', S3_BUCKET: BUCKET }, launcher)
  return async () => {
    await makeBucket(s3)
    await roundTrip(s3)
    return true
  }
}
