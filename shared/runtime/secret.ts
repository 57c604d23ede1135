import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TerminalError } from './errors.ts'

/** Where OpenFaaS mounts secrets; the local host names its own folder. */
const FOLDER = '/var/openfaas/secrets'

/** A secret, such as a function declares in stack.yml, without the white space around it. @throws {TerminalError} ERR_CONFIG when it is not there, or empty. */
export function readSecret(name: string, folder = process.env.SECRETS_DIR ?? FOLDER): string {
  const file = join(folder, name)
  try {
    const secret = readFileSync(file, 'utf8').trim()
    if (secret !== '') return secret
  } catch (cause) {
    throw new TerminalError('ERR_CONFIG', `the secret file ${file} cannot be read`, cause)
  }
  throw new TerminalError('ERR_CONFIG', `the secret file ${file} is empty`)
}
