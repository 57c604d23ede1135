import type { Redis } from 'ioredis'
import type { Committed } from '../../ports/bar-store.ts'
import { RetryableError } from '../../runtime/errors.ts'
import advanceBars from './lua/advance-bars.lua?raw'
import keepFirsts from './lua/keep-firsts.lua?raw'
import recordPositions from './lua/record-positions.lua?raw'
import showBars from './lua/show-bars.lua?raw'

type Argument = string | number | Buffer
/** A script of ours: how many keys, the keys, the arguments. */
type Script = (keys: number, ...keysAndArguments: Argument[]) => Promise<number>

/** Registers a script with a client, which sends it by its hash and, where the server does not know it, once more in full. */
function register(client: Redis, name: string, lua: string): Script {
  client.defineCommand(name, { lua })
  // defineCommand adds a method that the client's type cannot know.
  const methods = client as unknown as Record<string, Script>
  return (keys, ...rest) => methods[name]!.call(client, keys, ...rest)
}

export const advanceScript = (client: Redis): Script => register(client, 'advanceBars', advanceBars)
export const keepFirstsScript = (client: Redis): Script => register(client, 'keepFirsts', keepFirsts)
export const recordScript = (client: Redis): Script => register(client, 'recordPositions', recordPositions)
export const showScript = (client: Redis): Script => register(client, 'showBars', showBars)

/** What advance-bars.lua's result means. */
export function committedOf(code: number): Committed {
  if (code === 1) return 'applied'
  if (code === 0) return 'repeat'
  if (code === -1) return 'conflict'
  if (code === -2) return 'stale'
  // Not the batch's fault: it must wait for an operator, never go to the dead letters.
  throw new RetryableError('ERR_UNAVAILABLE', 'the bar state in Valkey is of another schema than this release writes')
}

/**
 * Gives up waiting for Valkey after `ms`. The command stays queued and may still be done later, in its place before all later ones.
 * @throws {RetryableError} ERR_UNAVAILABLE for that, and for whatever the server answers: our commands are right, so it is the server's state.
 */
export async function within<T>(ms: number, what: string, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([answer, late])
  } catch (cause) {
    answer.catch(() => {})
    throw new RetryableError('ERR_UNAVAILABLE', `Valkey: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  } finally {
    clearTimeout(timer)
  }
}
