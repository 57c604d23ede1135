import { Redis } from 'ioredis'
import type { Stack } from '../../infra/stack/stack.ts'
import { barPositionsKey, slotField } from '../../shared/adapters/valkey/keys.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import { until } from './client.ts'
import { pace } from './latency.ts'
import type { Message } from './throughput.ts'
import { childrenOf, functionName } from './usage.ts'

type Recovery = { readonly what: string; readonly seconds: readonly number[] }

const RATE = 5_000
/** A call that was in flight when its caller died may still commit this long afterwards. */
const IN_FLIGHT_MS = 20

/** What is killed, and how to find its process now. */
const victims = (stack: Stack): Record<string, () => number | undefined> => ({
  function: () => childrenOf(stack.process('gateway').pid ?? 0).find((pid) => functionName(pid) === 'tick-to-bar'),
  trigger: () => stack.process('trigger-0').pid,
  gateway: () => stack.process('gateway').pid,
  valkey: () => stack.process('valkey').pid,
  nats: () => stack.process('nats').pid,
})

/**
 * Kills each process `times` times under load: seconds from `kill -9` to the next commit, finding out and starting again included.
 * A commit is seen where it is stored: a question to the function would wait for what was killed, and be answered too late.
 */
export async function recoveries(stack: Stack, messages: Iterator<Message>, times: number): Promise<Recovery[]> {
  const valkey = new Redis(stack.urls.VALKEY_URL, { retryStrategy: () => 2, maxRetriesPerRequest: null, maxLoadingRetryTime: 2 })
  valkey.on('error', () => {})
  const fields = Array.from({ length: STREAMS.MARKET_TICKS.slots }, (_, slot) => slotField(slot))
  const position = async () => {
    const stored = await valkey.hmget(barPositionsKey, ...fields)
    return Math.max(...stored.map((text) => (text === null ? 0 : sequenceOf(Number.parseInt(text, 10)))))
  }
  const results: Recovery[] = []
  for (const what of Object.keys(victims(stack))) {
    const seconds: number[] = []
    for (let i = 0; i < times; i++) {
      const load = pace(stack, messages, RATE, 4).catch(() => {})
      const before = await position()
      await until('load', async () => (await position()) > before)
      // The gateway adopts replicas when it comes back; they are its children only when it started them itself.
      const pid = await until(`the process of ${what}`, async () => victims(stack)[what]!())
      let at = await position()
      const killed = performance.now()
      process.kill(pid, 'SIGKILL')
      if (what !== 'valkey') {
        await new Promise((resolve) => setTimeout(resolve, IN_FLIGHT_MS))
        at = await position()
      }
      await until(`a commit after the kill of ${what}`, async () => (await position()) > at, { everyMs: 2 })
      seconds.push((performance.now() - killed) / 1000)
      await load
    }
    results.push({ what, seconds })
  }
  valkey.disconnect()
  return results
}
