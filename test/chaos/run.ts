import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { STREAMS } from '../../shared/contract/streams.ts'
import { lakeOf } from '../support/lake.ts'
import { startOwnStack } from '../support/own-stack.ts'
import { isCaughtUp, READERS, until } from '../support/progress.ts'
import { type S3Proxy, startS3Proxy } from '../support/s3-proxy.ts'
import { happen } from './faults.ts'
import { type Done, inOrder } from './in-order.ts'
import { lakeSettled } from './lake.ts'
import { TapePublisher } from './publisher.ts'
import type { Verdict } from './report.ts'
import { nameOf, schedule } from './schedule.ts'
import { keepUp, upkeepDone } from './store-faults.ts'
import { tapeOf } from './tape.ts'
import { loadTracks } from './tracks.ts'
import { verdictOf } from './verdict.ts'
import type { World } from './world.ts'

export type Options = { readonly minutes: number; readonly seed: number; readonly say: (line: string) => void }

/** What a fault is over with. */
export const RECOVERED = 'next commit'

type Report = {
  readonly done: readonly Done[]
  readonly verdict: Verdict
  readonly messages: number
  readonly published: number
  readonly resumed: number
}

/** Settings of the functions for this run: bars of quiet markets are closed soon, so that the end need not be waited for. */
const ENV = { BAR_IDLE_MS: '3000', LAKE_FLUSH_MS: '500', LAKE_CHECKPOINT_EVERY: '5' }
/** Nothing new in the stream of bars for so long after everything is read: all that will ever be closed is closed. */
const STILL_MS = 6000

/**
 * Starts a stack of its own, publishes real ticks into it, does one fault after another until the time is over, waits for the last bar and compares.
 * Data and logs are kept if anything is wrong. @throws when the stack does not come back from a fault.
 */
export async function runFaults({ minutes, seed, say }: Options): Promise<Report> {
  const tracks = await loadTracks()
  const tape = tapeOf(tracks, minutes * 60_000, seed)
  say(`${tape.length} messages over ${minutes} min, ${tape.bad.size} of them bad on purpose`)
  let proxied: S3Proxy | undefined
  const env: Record<string, string> = { ...ENV }
  const byProxy = async ({ S3_URL }: { readonly S3_URL: string }) => {
    proxied = await startS3Proxy(S3_URL)
    return Object.assign(env, { S3_URL: proxied.url })
  }
  const stack = await startOwnStack({ triggers: 2, env: byProxy, say: (line) => say(`  stack: ${line}`) })
  const proxy = proxied!
  const connection = await connect({ servers: stack.urls.NATS_URL, name: 'chaos', maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const valkey = new Redis(stack.urls.VALKEY_URL, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  valkey.on('error', () => {})
  const publisher = new TapePublisher(stack.urls.NATS_URL, tape)
  const world: World = { stack, publisher, connection, valkey, lake: lakeOf(stack.urls.S3_URL), proxy, env, kills: new Map() }
  const over = new AbortController()
  const upkeep = keepUp(world, over.signal)
  let good = false
  try {
    await stack.process('trigger-1').stop()
    publisher.start()
    const done = await inOrder(schedule(seed), {
      durationMs: minutes * 60_000,
      nameOf,
      happen: (step, turn) => happen(world, step, turn),
      recovered: RECOVERED,
      say,
    })
    await publisher.finished()
    say('the whole tape is in the stream; waiting for the last bars')
    await settled(world)
    over.abort()
    await upkeep
    await lakeSettled(world)
    await upkeepDone(world)
    const cameAgain = done.some(({ name }) => name.endsWith('-stream'))
    const verdict = await verdictOf(world, tracks, tape, cameAgain)
    good = verdict.every(({ ok }) => ok)
    const { published, resumed } = publisher
    return { done, verdict, messages: tape.length, published, resumed }
  } finally {
    over.abort()
    await publisher.stop()
    valkey.disconnect()
    await connection.close()
    if (good) await stack.discard()
    else {
      await stack.stop()
      say(`data and logs of this run are kept in ${stack.settings.data}`)
    }
    await proxy.close()
  }
}

/** Waits until everything is read, every quiet bar is closed, and all of it is stored. */
async function settled({ connection, stack }: World): Promise<void> {
  const manager = await jetstreamManager(connection)
  let last = -1
  let sinceMs = performance.now()
  const still = async () => {
    const read = await Promise.all(READERS.map((reader) => isCaughtUp(connection, stack.urls.GATEWAY_URL, reader)))
    const { state } = await manager.streams.info(STREAMS.BARS.name)
    if (!read.every(Boolean) || state.last_seq !== last) {
      last = state.last_seq
      sinceMs = performance.now()
    }
    return performance.now() - sinceMs > STILL_MS
  }
  await until('everything is read, closed and stored', still, 180_000, 200)
}
