import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3'
import { TerminalError } from '../../runtime/errors.ts'
import type { S3 } from './connect.ts'
import { s3ObjectStore } from './object-store.ts'

const PROBES = '.probe'

/** Makes the bucket unless it is there. */
export async function makeBucket({ client, bucket }: S3): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
  } catch {
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
      if (error.name !== 'BucketAlreadyOwnedByYou' && error.name !== 'BucketAlreadyExists') throw error
    })
  }
}

/** Writes an object, reads it back and deletes it. @throws when one of the three does not work. */
export async function roundTrip(s3: S3): Promise<void> {
  const store = s3ObjectStore(s3)
  const key = `${PROBES}/${randomBytes(9).toString('hex')}`
  await store.put(key, new TextEncoder().encode(key))
  const read = await store.get(key)
  if (read === undefined || new TextDecoder().decode(read) !== key) throw new Error(`${key} does not read back`)
  await store.remove([key])
}

const KEYS = 4

/**
 * Finds out whether the store takes `If-None-Match: *` for what it is: of several puts of one key, exactly one wins. Some servers ignore the header,
 * others look first and write then; both would let one commit of a table overwrite another.
 * @throws {TerminalError} ERR_CONFIG when more than one put of a key won.
 * @throws {RetryableError} ERR_UNAVAILABLE when the store does not answer.
 */
export async function probePutIfAbsent(s3: S3): Promise<void> {
  const store = s3ObjectStore(s3)
  const run = randomBytes(9).toString('hex')
  const keys = Array.from({ length: KEYS }, (_, i) => `${PROBES}/${run}-${i}`)
  const put = (key: string) => store.putIfAbsent(key, new Uint8Array(1))
  // Two at a time on each key race; the third comes when the key is surely there.
  const races = await Promise.all(keys.map(async (key) => [...(await Promise.all([put(key), put(key)])), await put(key)]))
  await store.remove(keys)
  const several = races.filter((results) => results.filter((result) => result === 'created').length > 1).length
  if (several === 0) return
  throw new TerminalError(
    'ERR_CONFIG',
    `the object store lets several writers of one key win (${several} of ${KEYS} keys): it ignores If-None-Match, and tables would lose commits on it`,
  )
}
