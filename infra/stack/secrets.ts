import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

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

const writeOnce = (file: string, text: string): Promise<void> =>
  writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
