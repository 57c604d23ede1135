import * as z from 'zod'
import { RetryableError } from '../shared/runtime/errors.ts'
import { exchange } from './http.ts'
import { type Trigger, triggerOf } from './trigger.ts'

const Functions = z.array(z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).nullish() }))

const DEADLINE_MS = 5000

/** A function as the gateway lists it, its trigger, or what is wrong with its annotations. */
export type Listed = { readonly name: string; readonly trigger: Trigger | undefined; readonly problem: string | undefined }

/**
 * Asks the gateway for its functions.
 * @throws {RetryableError} ERR_UNAVAILABLE when it does not answer as it should.
 */
export async function listTriggers(gatewayUrl: string, authorization: string): Promise<Listed[]> {
  const url = new URL('/system/functions', gatewayUrl)
  const { status, body } = await exchange({ url, method: 'GET', headers: { authorization }, timeoutMs: DEADLINE_MS })
  if (status !== 200)
    throw new RetryableError('ERR_UNAVAILABLE', `the gateway does not list its functions: ${status} ${body.slice(0, 200)}`)
  return Functions.parse(JSON.parse(body)).map(({ name, annotations }) => {
    try {
      return { name, trigger: triggerOf(name, annotations ?? {}), problem: undefined }
    } catch (error) {
      return { name, trigger: undefined, problem: error instanceof Error ? error.message : String(error) }
    }
  })
}

/** What to stop and what to start, so that those running become those listed; a changed one is in both. */
type Changes = { readonly stop: readonly string[]; readonly start: readonly Trigger[] }

export function changesOf(running: ReadonlyMap<string, Trigger>, listed: readonly Listed[]): Changes {
  const wanted = new Map(listed.flatMap(({ trigger }) => (trigger ? [[trigger.functionName, trigger] as const] : [])))
  const isSame = (name: string) => JSON.stringify(wanted.get(name)) === JSON.stringify(running.get(name))
  return {
    stop: [...running.keys()].filter((name) => !isSame(name)),
    start: [...wanted.values()].filter(({ functionName }) => !isSame(functionName)),
  }
}
