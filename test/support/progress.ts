import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Positions } from '../../shared/contract/batch.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { sequenceOf } from '../../shared/domain/version.ts'

/** The positioned functions of the stack, and what they read. */
export const READERS = [
  { name: 'tick-to-bar', stream: STREAMS.MARKET_TICKS.name },
  { name: 'persist-bars', stream: STREAMS.BARS.name },
  { name: 'flush-batch', stream: STREAMS.MARKET_TICKS.name },
] as const

/** Where a function stands, by slot; asked at the gateway as the trigger does. @throws when it does not answer within two seconds. */
async function positionsOf(gatewayUrl: string, name: string, stream: string): Promise<Positions> {
  const response = await fetch(`${gatewayUrl}/function/${name}/positions?stream=${stream}`, { signal: AbortSignal.timeout(2000) })
  const body = (await response.json()) as { positions: unknown }
  if (!response.ok) throw new Error(`${name} does not tell its positions: ${JSON.stringify(body)}`)
  return Positions.parse(body.positions)
}

/** The versions that the hindmost and the foremost slot have reached; 0 where nothing was read. */
export async function reachedBy(gatewayUrl: string, name: string, stream: string): Promise<{ least: number; most: number }> {
  const versions = Object.values(await positionsOf(gatewayUrl, name, stream)).map((position) => position?.version ?? 0)
  return { least: Math.min(...versions), most: Math.max(...versions) }
}

/** Whether a function has read all that its stream holds now. */
export async function isCaughtUp(
  connection: NatsConnection,
  gatewayUrl: string,
  { name, stream }: (typeof READERS)[number],
): Promise<boolean> {
  const { state } = await (await jetstreamManager(connection, { checkAPI: false })).streams.info(stream)
  return sequenceOf((await reachedBy(gatewayUrl, name, stream)).least) >= state.last_seq
}

/** Asks again and again until the answer is yes; an error counts as no. @throws with the last error after `ms`. */
export async function until(what: string, yes: () => Promise<boolean>, ms: number, everyMs = 50): Promise<void> {
  const deadline = performance.now() + ms
  let last: unknown
  for (;;) {
    try {
      if (await yes()) return
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`not within ${Math.round(ms / 1000)} s: ${what}`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
