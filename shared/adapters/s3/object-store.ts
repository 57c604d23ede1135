import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { ObjectStore } from '../../ports/object-store.ts'
import { RetryableError } from '../../runtime/errors.ts'
import type { S3 } from './connect.ts'

/** Most keys a request may delete. */
const MOST_DELETES = 1000

/** The objects of a bucket. */
export function s3ObjectStore({ client, bucket: Bucket }: S3): ObjectStore {
  const read = async (request: GetObjectCommandInput): Promise<Uint8Array | undefined> => {
    try {
      const { Body } = await client.send(new GetObjectCommand(request))
      return await Body!.transformToByteArray()
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw away(`GET ${request.Key}`, error)
    }
  }
  return {
    get: (Key) => read({ Bucket, Key }),
    getRange: (Key, from, to) => read({ Bucket, Key, Range: `bytes=${from}-${to - 1}` }),
    async open(Key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        return partsOf(Key, Body as unknown as AsyncIterable<Uint8Array>)
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw away(`GET ${Key}`, error)
      }
    },
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body })).catch((error) => {
        throw away(`PUT ${Key}`, error)
      })
    },
    async putIfAbsent(Key, Body) {
      try {
        await client.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*' }))
        return 'created'
      } catch (error) {
        // 412: there is one. 409 (AWS): another put of the key is under way; what comes of it, the key itself tells.
        if (statusOf(error) === 412) return 'exists'
        throw away(`PUT ${Key} if absent`, error)
      }
    },
    async *list(Prefix, after) {
      let ContinuationToken: string | undefined
      do {
        const request = { Bucket, Prefix, ...(ContinuationToken ? { ContinuationToken } : after !== undefined && { StartAfter: after }) }
        const page = await client.send(new ListObjectsV2Command(request)).catch((error) => {
          throw away(`LIST ${Prefix}`, error)
        })
        for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
          if (Key !== undefined) yield { key: Key, sizeBytes: Size, modifiedMs: LastModified?.getTime() ?? 0 }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (ContinuationToken !== undefined)
    },
    async remove(keys) {
      try {
        if (keys.length === 1) await client.send(new DeleteObjectCommand({ Bucket, Key: keys[0] }))
        else
          for (let at = 0; at < keys.length; at += MOST_DELETES) {
            const Objects = keys.slice(at, at + MOST_DELETES).map((Key) => ({ Key }))
            const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
            if (Errors.length > 0) throw new Error(`${Errors.length} were not deleted, such as ${Errors[0]?.Key}: ${Errors[0]?.Message}`)
          }
      } catch (error) {
        throw away(`DELETE of ${keys.length} objects`, error)
      }
    },
  }
}

async function* partsOf(key: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw away(`GET ${key}`, error)
  }
}

const statusOf = (error: unknown): number | undefined => (error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined)

/** Whatever else goes wrong may go right the next time; a wrong key or bucket is put right by whoever runs the store, while nothing is lost. */
const away = (what: string, cause: unknown): RetryableError => {
  const status = statusOf(cause)
  const why = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new RetryableError('ERR_UNAVAILABLE', `S3: ${what}: ${status === undefined ? '' : `${status} `}${why}`, cause)
}
