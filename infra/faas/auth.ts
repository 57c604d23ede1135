import { createHash, timingSafeEqual } from 'node:crypto'
import { readSecret } from '../../shared/runtime/secret.ts'

/** Says whether an Authorization header may use `/system/*`. */
export type Authorize = (authorization: string | undefined) => boolean

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * One user by basic auth, from the files `basic-auth-user` and `basic-auth-password` of the secrets folder (whitespace at the ends is cut).
 * Digests are compared, in constant time, so neither a length nor a prefix shows.
 * @throws {TerminalError} ERR_CONFIG when a file is missing or empty.
 */
export function basicAuth(secretsFolder: string): Authorize {
  const [user, password] = ['basic-auth-user', 'basic-auth-password'].map((name) => readSecret(name, secretsFolder))
  const expected = digest(`${user}:${password}`)
  return (authorization) => {
    const given = /^basic +(.+)$/i.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(Buffer.from(given, 'base64').toString()), expected)
  }
}
