import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Keys } from '../../shared/adapters/s3/connect.ts'

export const GATEWAY_USER = 'admin'

/** Where the stack's secrets are, as files. */
export const secretsFolder = (data: string): string => join(data, 'secrets')

/** The gateway's password: made once for a data folder and kept as OpenFaaS mounts it, readable by its owner only. */
export async function gatewayPassword(data: string): Promise<string> {
  const file = join(secretsFolder(data), 'basic-auth-password')
  await mkdir(secretsFolder(data), { recursive: true, mode: 0o700 })
  await writeOnce(join(secretsFolder(data), 'basic-auth-user'), GATEWAY_USER)
  await writeOnce(file, randomBytes(24).toString('base64url'))
  return (await readFile(file, 'utf8')).trim()
}

/** The keys of the object store, as functions that use it declare them. */
export const s3Secrets = ({ accessKey, secretKey }: S3Keys): Record<string, string> => ({
  's3-access-key': accessKey,
  's3-secret-key': secretKey,
})

const writeOnce = (file: string, text: string): Promise<void> =>
  writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
