import type { NatsConnection } from '@nats-io/transport-node'
import { type BrakeLimits, brake, DEFAULT_LIMITS } from './brake.ts'
import { readState } from './readers.ts'

/** The brake over a running stream: asked before each tick, moved by what the broker says twice a second. */
export type BrakeWatch = {
  /** Why a source must wait now, undefined when it may go on. */
  readonly reason: string | undefined
  /** Resolves when it may go on; undefined when it may already. */
  held(): Promise<void> | undefined
  close(): void
}

/** Starts watching; the first answer of the broker is awaited, so that nothing is sent into a full stream. */
export async function watchBrake(
  nc: NatsConnection,
  stream: string,
  limits: BrakeLimits = DEFAULT_LIMITS,
  everyMs = 500,
): Promise<BrakeWatch> {
  let reason: string | undefined
  let gate: PromiseWithResolvers<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const look = async () => {
    try {
      const { progress, state } = await readState(nc, stream)
      reason = brake(progress, state, limits)
    } catch {
      // A broker that does not answer holds the publisher's window anyway; what was known stays.
    }
    if (reason) gate ??= Promise.withResolvers()
    else gate = void gate?.resolve()
    if (!closed) timer = setTimeout(look, everyMs)
  }
  await look()

  return {
    get reason() {
      return reason
    },
    held: () => gate?.promise,
    close() {
      closed = true
      clearTimeout(timer)
      gate?.resolve()
    },
  }
}
