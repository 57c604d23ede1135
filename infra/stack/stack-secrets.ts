import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Problem } from './problem.ts'

/** Calls the gateway's management API. */
export type Call = (method: string, path: string, body?: string) => Promise<Response>

/**
 * Brings the secrets that functions name to the gateway, as `faas-cli secret apply` does, from the files `.secrets/NAME` beside the stack
 * file. One that has no file there is taken from `given`, else left as the gateway has it.
 * @throws {Problem} with the gateway's own words when it refuses one.
 */
export async function applySecrets(
  stackFile: string,
  names: Iterable<string>,
  given: Readonly<Record<string, string>>,
  call: Call,
): Promise<void> {
  await Promise.all(
    [...new Set(names)].map(async (name) => {
      const text = given[name]
      const value = await readFile(join(dirname(stackFile), '.secrets', name)).catch(() => text && Buffer.from(text))
      if (!value) return
      const body = JSON.stringify({ name, rawValue: value.toString('base64') })
      let response = await call('POST', 'secrets', body)
      if (response.status === 409) response = await call('PUT', 'secrets', body)
      if (!response.ok) throw new Problem(`secret ${name} was refused: ${await response.text()}`)
    }),
  )
}
