import { connect } from '@nats-io/transport-node'
import type { Stack } from '../../infra/stack/stack.ts'
import { isCaughtUp, READERS, until } from '../support/progress.ts'
import { metricsOf } from './client.ts'
import { type Buckets, between, bucketsOf, quantile } from './histogram.ts'
import type { Message } from './throughput.ts'

type Latency = { readonly rate: number; readonly p50Ms: number; readonly p99Ms: number; readonly ticks: number }

const SLICE_MS = 1
const MOST_REST_MS = 600_000
/** So long V8 needs at a thousand ticks a second to compile what runs often. */
const WARM_UP_S = 5

/** Publishes at an even rate, in slices of a millisecond, for some seconds. Plain publishes: what waits here is the path, not the publisher. */
export async function pace(stack: Stack, messages: Iterator<Message>, rate: number, seconds: number): Promise<void> {
  // A publisher that waits longer than the server is away would be what the recovery is measured by.
  const nc = await connect({ servers: stack.urls.NATS_URL, reconnectTimeWait: 20, maxReconnectAttempts: -1 })
  const start = performance.now()
  const total = Math.round(rate * seconds)
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rate))
    for (; sent < due; sent++) {
      const { value, done } = messages.next()
      if (done) throw new Error('the tape is too short')
      nc.publish(value.subject, value.text)
    }
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
  }
  await nc.flush()
  await nc.close()
}

/** Waits until nothing is left to do of what was published before. */
export async function rest(stack: Stack): Promise<void> {
  const nc = await connect({ servers: stack.urls.NATS_URL })
  for (const reader of READERS)
    await until(`${reader.name} has read all`, () => isCaughtUp(nc, stack.urls.GATEWAY_URL, reader), MOST_REST_MS)
  await nc.close()
}

/**
 * How long a tick takes from the broker to its committed bar at an even rate, as the function's own histogram tells.
 * The broker's time is cut to whole milliseconds on the way, so the figures are up to 1 ms too high, 0.5 ms on average.
 */
export async function latency(stack: Stack, messages: Iterator<Message>, rate: number, seconds: number): Promise<Latency> {
  const read = async (): Promise<Buckets> => bucketsOf(await metricsOf(stack, 'tick-to-bar'), 'tick_commit_latency_seconds')
  await pace(stack, messages, rate, WARM_UP_S)
  const before = await read()
  await pace(stack, messages, rate, seconds)
  const counted = between(before, await read())
  return { rate, p50Ms: quantile(counted, 0.5) * 1000, p99Ms: quantile(counted, 0.99) * 1000, ticks: counted.at(-1)?.count ?? 0 }
}
