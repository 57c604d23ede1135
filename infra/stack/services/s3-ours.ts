import { HeadBucketCommand } from '@aws-sdk/client-s3'
import type { S3 } from '../../../shared/adapters/s3/connect.ts'
import { makeBucket, roundTrip } from '../../../shared/adapters/s3/prepare.ts'

export type S3Keys = { readonly accessKey: string; readonly secretKey: string }

/**
 * Whether the server is the one started here (it knows keys that were made for it alone) and stores what it is given: its S3 part answers before the
 * part that holds the bytes is there. SeaweedFS takes the next port without a word where its own is taken, so an answer alone proves nothing.
 */
export async function takesWrites(s3: S3): Promise<boolean> {
  await s3.client.send(new HeadBucketCommand({ Bucket: s3.bucket })).catch(() => makeBucket(s3))
  await roundTrip(s3)
  return true
}
