import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReplicaRecord } from '../../infra/faas/registry.ts'
import { readState } from '../../infra/faas/state.ts'
import { freeSettings } from '../../infra/stack/settings.ts'
import { type Stack, type StackOptions, startStack } from '../../infra/stack/stack.ts'
import { beforeEnd } from './before-end.ts'

export type OwnStack = Stack & {
  /** Stops it and starts it again on the same data and ports. */
  again(): Promise<OwnStack>
  /** Stops it and deletes its data. */
  discard(): Promise<void>
}

type Env = NonNullable<StackOptions['env']>
type Options = Pick<StackOptions, 'say'> & {
  readonly triggers?: number
  /** With the servers that come late: `await stack.late`. */
  readonly late?: boolean
  /** Environment of every function, where it depends on where the servers will be. */
  readonly env?: Env | ((urls: Stack['urls']) => Promise<Env>)
}

/** Starts a whole stack on free ports with its data in a temporary folder; a signal that ends this process ends the stack first. */
export async function startOwnStack({ triggers = 1, late = false, env: given = {}, ...options }: Options = {}): Promise<OwnStack> {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-stack-'))
  const settings = await freeSettings(folder, { triggers, late })
  const env = typeof given === 'function' ? await given(settings.urls) : given
  let running: Stack | undefined
  const discard = async () => {
    goOn()
    await running?.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const goOn = beforeEnd(discard)
  const start = async (): Promise<OwnStack> => {
    const stack = await startStack({ settings, env, ...options })
    running = stack
    const again = async () => {
      await stack.stop()
      return start()
    }
    return { ...stack, again, discard }
  }
  return start().catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
}

/** The processes of a function that its host has recorded. */
export const replicasOf = ({ settings }: Pick<Stack, 'settings'>, service: string): ReplicaRecord[] =>
  readState<ReplicaRecord[]>(join(settings.data, 'faas', 'replicas.json'), []).filter((replica) => replica.service === service)
