import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { Resource } from '../../runtime/resource.ts'

export type S3 = Resource & { readonly client: S3Client; readonly bucket: string }

type Config = { readonly S3_URL: string; readonly S3_REGION: string; readonly S3_BUCKET: string }
export type S3Keys = { readonly accessKey: string; readonly secretKey: string }

const CONNECT_MS = 2_000
/** The longest silence, in the middle of a body too. What goes on, goes on for as long as it takes: a large object over a slow line. */
const SILENT_MS = 30_000

/** A client of one bucket. It never tries again by itself: whether that is sound, the caller knows (a put-if-absent that is sent twice meets itself). */
export function connectS3({ S3_URL, S3_REGION, S3_BUCKET }: Config, { accessKey, secretKey }: S3Keys, silentMs = SILENT_MS): S3 {
  const client = new S3Client({
    endpoint: S3_URL,
    region: S3_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    maxAttempts: 1,
    // Checksums in trailers are an extension that not every server of this protocol knows.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Not `requestTimeout`: it ends with the head of the answer, and counts what a body takes to be sent.
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silentMs },
  })
  return {
    name: 's3',
    client,
    bucket: S3_BUCKET,
    async ready() {
      await client.send(new HeadBucketCommand({ Bucket: S3_BUCKET }))
      return true
    },
    async close() {
      client.destroy()
    },
  }
}
