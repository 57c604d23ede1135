import { readFileSync } from 'node:fs'
import { jetstream } from '@nats-io/jetstream'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { type AckedWorld, FUNCTIONS, ORDERED, STREAM } from './world.ts'

/** What was found of one function. */
type Finding = {
  readonly functionName: string
  /** Messages that it took, each once, and how often it took one again. */
  readonly taken: number
  readonly again: number
  readonly buried: number
  /** Sequences of messages that were neither taken nor are in the dead letters. */
  readonly missing: readonly number[]
  /** Keys of which a message was taken before one that precedes it; only where order is kept. */
  readonly disordered: readonly string[]
}
export type Findings = readonly Finding[]

/** Compares what every function took and refused with what the stream holds. */
export async function verdictOf(world: AckedWorld, published: number): Promise<Findings> {
  const { state } = await world.manager.streams.info(STREAM)
  if (state.messages !== published) throw new Error(`the stream holds ${state.messages} messages of ${published}`)
  const letters = await lettersOf(world)
  return Object.keys(FUNCTIONS).map((functionName) => {
    const lines = readFileSync(world.takenBy(functionName), 'utf8').split('\n').filter(Boolean)
    const buried = letters.get(functionName) ?? new Set<number>()
    const taken = new Set<number>()
    const last = new Map<string, number>()
    const disordered = new Set<string>()
    for (const line of lines) {
      const [sequence, key] = [Number(line.split(' ')[0]), line.split(' ')[1]!]
      if (taken.has(sequence)) continue
      taken.add(sequence)
      if (sequence < (last.get(key) ?? 0) && functionName === ORDERED) disordered.add(key)
      last.set(key, sequence)
    }
    const all = Array.from({ length: published }, (_, i) => state.first_seq + i)
    const missing = all.filter((sequence) => !taken.has(sequence) && !buried.has(sequence))
    return { functionName, taken: taken.size, again: lines.length - taken.size, buried: buried.size, missing, disordered: [...disordered] }
  })
}

/** Sequences in the dead letters, by function. */
async function lettersOf({ nats, manager }: AckedWorld): Promise<ReadonlyMap<string, Set<number>>> {
  const found = new Map<string, Set<number>>()
  const { messages } = (await manager.streams.info(STREAMS.DLQ.name)).state
  if (messages === 0) return found
  const consumer = await jetstream(await nats.connection).consumers.get(STREAMS.DLQ.name)
  let left = messages
  for await (const { headers } of await consumer.consume({ max_messages: 1000 })) {
    const functionName = headers!.get('Dlq-Function')
    found.set(functionName, (found.get(functionName) ?? new Set()).add(Number(headers!.get('Dlq-Seq'))))
    if (--left === 0) break
  }
  return found
}
