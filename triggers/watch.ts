import * as z from 'zod'
import { RetryableError } from '../shared/runtime/errors.ts'
import { type Annotated, readAnnotated } from './annotated.ts'
import { exchange } from './http.ts'

const Functions = z.array(z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).nullish() }))

const DEADLINE_MS = 5000

/** A function as the gateway lists it. */
export type Listed = Annotated & { readonly name: string }

/**
 * Asks the gateway for its functions.
 * @throws {RetryableError} ERR_UNAVAILABLE when it does not answer as it should.
 */
export async function listTriggers(gatewayUrl: string, authorization: string): Promise<Listed[]> {
  const url = new URL('/system/functions', gatewayUrl)
  const { status, body } = await exchange({ url, method: 'GET', headers: { authorization }, timeoutMs: DEADLINE_MS })
  if (status !== 200)
    throw new RetryableError('ERR_UNAVAILABLE', `the gateway does not list its functions: ${status} ${body.slice(0, 200)}`)
  return Functions.parse(JSON.parse(body)).map(({ name, annotations }) => ({ name, ...readAnnotated(name, annotations ?? {}) }))
}

/** What to stop and what to start, so that those running become those wanted; a changed one is in both. */
type Changes<T> = { readonly stop: readonly string[]; readonly start: readonly T[] }

export function changesOf<T extends { readonly functionName: string }>(running: ReadonlyMap<string, T>, wanted: readonly T[]): Changes<T> {
  const byName = new Map(wanted.map((one) => [one.functionName, one]))
  const isSame = (name: string) => JSON.stringify(byName.get(name)) === JSON.stringify(running.get(name))
  return { stop: [...running.keys()].filter((name) => !isSame(name)), start: wanted.filter(({ functionName }) => !isSame(functionName)) }
}
