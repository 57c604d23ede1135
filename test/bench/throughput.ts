import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Stack } from '../../infra/stack/stack.ts'
import { TickPublisher } from '../../triggers/sources/tick-publisher.ts'
import { appliedUpTo, redeploy, until } from './client.ts'
import { childrenOf, functionName, type Usage, usageOf } from './usage.ts'

export type Message = { readonly subject: string; readonly text: string }
type Filled = { readonly messages: number; readonly ticks: number; readonly seconds: number }
export type Run = { readonly ticksPerSecond: number; readonly usage: Record<string, Usage> }

/** Empties the ticks stream and fills it while no trigger reads. */
export async function fill(stack: Stack, messages: Iterable<Message>, ticksPerMessage: number): Promise<Filled> {
  const nc = await connect({ servers: stack.urls.NATS_URL })
  const manager = await jetstreamManager(nc)
  await manager.streams.purge('MARKET_TICKS')
  const publisher = new TickPublisher(nc)
  const start = performance.now()
  let count = 0
  for (const { subject, text } of messages) {
    const full = publisher.send(subject, text)
    count++
    if (full) await full
  }
  await publisher.settle()
  const seconds = (performance.now() - start) / 1000
  publisher.close()
  await nc.close()
  return { messages: count, ticks: count * ticksPerMessage, seconds }
}

/**
 * Starts the trigger on a full stream and waits until all is committed. The clock runs from the first commit seen, so starting a process is not in it.
 * @param ticksPerMessage - how many ticks each message holds.
 */
export async function drain(stack: Stack, readers: number, ticksPerMessage: number): Promise<Run> {
  await redeploy(stack, 'tick-to-bar', { annotations: { 'trigger.readers': String(readers) } })
  const trigger = stack.process('trigger-0')
  const { first, last } = await bounds(stack)
  const before = cpu(stack)
  await trigger.start()
  const from = await until('the first commit', async () => {
    const at = await appliedUpTo(stack, 'tick-to-bar', 'MARKET_TICKS')
    return at >= first && { at, ms: performance.now() }
  })
  const to = await until('the last commit', async () => {
    const at = await appliedUpTo(stack, 'tick-to-bar', 'MARKET_TICKS')
    return at >= last && { at, ms: performance.now() }
  })
  const after = cpu(stack)
  await trigger.stop()
  const usage = Object.fromEntries(
    Object.entries(after).map(([name, now]) => [name, { ...now, cpuSeconds: now.cpuSeconds - (before[name]?.cpuSeconds ?? 0) }]),
  )
  return { ticksPerSecond: ((to.at - from.at) * ticksPerMessage) / ((to.ms - from.ms) / 1000), usage }
}

async function bounds(stack: Stack): Promise<{ first: number; last: number }> {
  const nc = await connect({ servers: stack.urls.NATS_URL })
  const { state } = await (await jetstreamManager(nc)).streams.info('MARKET_TICKS')
  await nc.close()
  return { first: state.first_seq, last: state.last_seq }
}

/** What every process of the stack has used so far; the replicas of all functions count as one each, by their order. */
export function cpu(stack: Stack): Record<string, Usage> {
  const usage: Record<string, Usage> = {}
  for (const [name, { pid }] of stack.processes) {
    if (pid === undefined) continue
    usage[name] = usageOf(pid)
    if (name === 'gateway') for (const child of childrenOf(pid)) usage[`function ${functionName(child)}`] = usageOf(child)
  }
  return usage
}
