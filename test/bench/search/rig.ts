import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { ReplicaRecord } from '../../../infra/faas/registry.ts'
import { readState } from '../../../infra/faas/state.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { TickPublisher } from '../../../triggers/sources/tick-publisher.ts'
import { type OwnStack, startOwnStack } from '../../support/own-stack.ts'
import { metricsOf, remove, until } from '../client.ts'
import { type Usage, usageOf } from '../usage.ts'
import { documents, type Message, wordsOf } from './tape.ts'

/** What reads the documents: for search, and for the lake. */
export const READERS = ['index-alt-doc', 'flush-alt-docs'] as const
export type Reader = (typeof READERS)[number]
/** Whatever else might read or write while it is measured. */
const OTHERS = ['tick-to-bar', 'persist-bars', 'flush-batch', 'lake-upkeep', 'lake-query', 'bars', 'alt-ingest']
/** The words of every so many documents are kept, to be searched for. */
const SAMPLED = 50
const MOST_MS = 900_000

/** A stack that documents go through, and what went through it so far. */
export type Rig = {
  readonly stack: OwnStack
  /** How many documents are to be searched in the end. */
  readonly count: number
  /** Published so far, and how many of them are to be stored. */
  readonly published: { messages: number; distinct: number }
  /** Words of some documents, in their order. */
  readonly samples: string[][]
  /** Publishes so many documents, acknowledged. @returns the sequence of the first. */
  publish(count: number): Promise<number>
  stop(): Promise<void>
}

export async function startRig(count: number, say: (line: string) => void): Promise<Rig> {
  const stack = await startOwnStack({ late: true, say })
  await stack.late
  await remove(stack, OTHERS)
  const trigger = stack.process('trigger-0')
  await trigger.stop()
  const tape = documents(count, Date.now())
  const published = { messages: 0, distinct: 0 }
  const samples: string[][] = []
  const take = (): Message => {
    const message = tape.next().value as Message
    if (published.messages++ % SAMPLED === 0) samples.push(wordsOf(message))
    if (!message.isRepeat) published.distinct++
    return message
  }
  return {
    stack,
    count,
    published,
    samples,
    async publish(some) {
      const nc = await connect({ servers: stack.urls.NATS_URL })
      const publisher = new TickPublisher(nc, { windowMessages: 1_000 })
      for (let i = 0; i < some; i++) {
        const { subject, text } = take()
        await publisher.send(subject, text)
      }
      await publisher.settle()
      publisher.close()
      const { state } = await (await jetstream(nc).jetstreamManager()).streams.info(STREAMS.ALT_DATA.name)
      await nc.close()
      return state.last_seq - some + 1
    },
    stop: stack.discard,
  }
}

/** How many messages a reader has been through since its process began. */
export async function handledBy(stack: OwnStack, reader: Reader): Promise<number> {
  const page = await metricsOf(stack, reader)
  const count = (what: string) =>
    Number(new RegExp(`^alt_stored_documents_total\\{.*what="${what}".*\\} (\\d+)$`, 'm').exec(page)?.[1] ?? 0)
  return count('stored') + count('repeat')
}

/** Waits until some readers have been through so many messages more than they had. @returns when each was, in seconds from now. */
export async function readBy(
  stack: OwnStack,
  readers: readonly Reader[],
  goal: Readonly<Partial<Record<Reader, number>>>,
): Promise<Partial<Record<Reader, number>>> {
  const from = performance.now()
  const done: Partial<Record<Reader, number>> = {}
  const look = async (reader: Reader) => {
    if ((await handledBy(stack, reader)) < goal[reader]!) return false
    done[reader] = (performance.now() - from) / 1000
    return true
  }
  await Promise.all(readers.map((reader) => until(`${reader} is through`, () => look(reader), { ms: MOST_MS, everyMs: 100 })))
  return done
}

/** What every process of the stack has used so far, functions by their names. */
export function usageNow({ processes, settings }: OwnStack): Record<string, Usage> {
  const replicas = readState<ReplicaRecord[]>(join(settings.data, 'faas', 'replicas.json'), [])
  const pids = [
    ...[...processes].map(([name, { pid }]) => [name, pid] as const),
    ...replicas.map(({ service, pid }) => [`function ${service}`, pid] as const),
  ]
  return Object.fromEntries(pids.flatMap(([name, pid]) => (pid === undefined ? [] : [[name, usageOf(pid)]])))
}

/** What was used between two looks; memory as it is at the second. */
export const usedSince = (before: Record<string, Usage>, after: Record<string, Usage>): Record<string, Usage> =>
  Object.fromEntries(
    Object.entries(after).map(([name, now]) => [name, { ...now, cpuSeconds: now.cpuSeconds - (before[name]?.cpuSeconds ?? 0) }]),
  )
