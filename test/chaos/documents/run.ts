import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { connectNats } from '../../../shared/adapters/nats/connect.ts'
import { natsPublisher } from '../../../shared/adapters/nats/publisher.ts'
import { DOCUMENTS_TABLE } from '../../../shared/contract/lake.ts'
import { lakeOf } from '../../support/lake.ts'
import { startOwnStack } from '../../support/own-stack.ts'
import { startS3Proxy } from '../../support/s3-proxy.ts'
import { type Done, inOrder } from '../in-order.ts'
import { publishUntil } from '../publish-surely.ts'
import type { Verdict } from '../report.ts'
import { keepUp, upkeepDone } from '../store-faults.ts'
import { corpus, type Sent } from './corpus.ts'
import { happen, setPace } from './faults.ts'
import { realDocuments } from './real.ts'
import { MUST, nameOf, schedule } from './schedule.ts'
import { idOf } from './stream.ts'
import { verdictOf } from './verdict.ts'
import { allStored, type DocumentWorld, storedBy } from './world.ts'

export type DocumentOptions = { readonly minutes: number; readonly seed: number; readonly say: (line: string) => void }
type DocumentReport = { readonly done: readonly Done[]; readonly verdict: Verdict }

/** What a fault is over with. */
export const RECOVERED = 'next document stored'

const PER_SECOND = 100
/** A run of so many minutes has each kind of fault that must be. */
const LONG_MINUTES = 3
/** Checkpoints more often, so that faults meet them. */
const ENV = { LAKE_CHECKPOINT_EVERY: '5' }

/**
 * Starts a stack of its own, publishes documents into it, does one fault after another until the time is over, waits until both stores have read
 * everything, and compares. Data and logs are kept if anything is wrong. @throws when the stack does not come back from a fault.
 */
export async function runDocumentFaults({ minutes, seed, say }: DocumentOptions): Promise<DocumentReport> {
  const { world, close } = await startWorld(say)
  const over = new AbortController()
  const upkeep = keepUp(world, over.signal)
  const nats = connectNats(world.stack.urls, 'chaos')
  let publishing: Promise<number> | undefined
  let isOver = false
  let good = false
  try {
    await nats.connection
    publishing = publishUntil(natsPublisher(nats), { perSecond: PER_SECOND, message: messagesOf(world, seed), isOver: () => isOver })
    await storedBy(world)
    const done = await inOrder(schedule(seed, minutes), {
      durationMs: minutes * 60_000,
      // Also where others slow the machine down.
      least: minutes < LONG_MINUTES ? 0 : MUST,
      nameOf,
      happen: (step, turn) => happen(world, step, turn),
      recovered: RECOVERED,
      say,
    })
    isOver = true
    say(`${await publishing} messages are in the stream; waiting until both stores have read them`)
    await allStored(world)
    over.abort()
    await upkeep
    await upkeepDone(world)
    const verdict = await verdictOf(world)
    good = verdict.every(({ ok }) => ok)
    return { done, verdict }
  } finally {
    isOver = true
    over.abort()
    await publishing?.catch(() => {})
    await nats.close()
    await close(good)
  }
}

async function startWorld(say: (line: string) => void) {
  const env: Record<string, string> = { ...ENV }
  let proxied: Awaited<ReturnType<typeof startS3Proxy>> | undefined
  const byProxy = async ({ S3_URL }: { readonly S3_URL: string }) => {
    proxied = await startS3Proxy(S3_URL)
    return Object.assign(env, { S3_URL: proxied.url })
  }
  const stack = await startOwnStack({ late: true, triggers: 2, env: byProxy, say: (line) => say(`  stack: ${line}`) })
  const proxy = proxied!
  const connection = await connect({ servers: stack.urls.NATS_URL, name: 'chaos', maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const valkey = new Redis(stack.urls.VALKEY_URL, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  valkey.on('error', () => {})
  const lake = lakeOf(stack.urls.S3_URL, DOCUMENTS_TABLE)
  const world: DocumentWorld & { readonly sent: Sent[] } = { stack, connection, valkey, lake, proxy, env, kills: new Map(), sent: [] }
  const close = async (good: boolean) => {
    valkey.disconnect()
    await connection.close()
    if (good) await stack.discard()
    else {
      await stack.stop()
      say(`data and logs of this run are kept in ${stack.settings.data}`)
    }
    await proxy.close()
  }
  try {
    await stack.late
    await stack.process('trigger-1').stop()
    await setPace(world)
    return { world, close }
  } catch (error) {
    await close(true)
    throw error
  }
}

/** What is published, in its order; all of it is remembered. */
function messagesOf({ sent }: { readonly sent: Sent[] }, seed: number) {
  const source = corpus(seed, realDocuments())
  return (i: number) => {
    const { value } = source.next() as { value: Sent }
    sent.push(value)
    return { subject: value.subject, payload: value.payload, msgId: idOf(i) }
  }
}
