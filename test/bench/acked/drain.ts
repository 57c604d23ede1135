import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Row } from '../report.ts'
import { childrenOf, median, type Usage, usageOf } from '../usage.ts'
import { type Rig, STREAM } from './rig.ts'

type Kind = { readonly what: string; readonly messages: number; readonly annotations: Readonly<Record<string, string>> }

/** Nothing but the size of a batch is set: these are the defaults. */
const OURS: readonly Kind[] = [
  { what: 'no-op by acked trigger, batch 500', messages: 300_000, annotations: { 'trigger.batch': '500' } },
  { what: 'no-op by acked trigger, batch 1', messages: 20_000, annotations: { 'trigger.batch': '1' } },
  { what: 'no-op by acked trigger, one plain message a call', messages: 20_000, annotations: { 'trigger.form': 'message' } },
]
const THEIRS = [
  { what: 'plain consumer, one POST after the other to the function itself', messages: 5000, atOnce: 1 },
  { what: 'plain consumer, 32 POSTs at once to the function itself', messages: 20_000, atOnce: 32 },
]
const PAYLOAD = JSON.stringify({
  timestamp: 1_381_132_800_464,
  exchange: 'lean',
  symbol: 'SPY',
  price: 167.41,
  qty: 1400,
  trade_id: '20131007-1',
})

/** Messages a second until the stream is settled, ours and theirs in turns. */
export async function throughput(rig: Rig, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const rows = new Map<string, { runs: number[]; usage?: Row['usage'] }>()
  const note = (what: string, perSecond: number, usage?: Row['usage']) => {
    say(`  ${what}: ${Math.round(perSecond).toLocaleString('en')} messages/s`)
    rows.set(what, { runs: [...(rows.get(what)?.runs ?? []), perSecond], usage })
  }
  for (let round = 0; round < rounds; round++) {
    for (const kind of OURS) {
      const { perSecond, usage } = await drain(rig, kind)
      note(kind.what, perSecond, usage)
    }
    for (const { what, messages, atOnce } of THEIRS) note(what, await plain(rig, messages, atOnce))
  }
  return [...rows].map(([what, { runs, usage }]) => ({ what, unit: 'messages/s', median: median(runs), runs, usage }))
}

/** Fills the stream, then starts the trigger. The clock runs from the first settled message seen, so starting a process is not in it. */
export async function drain(rig: Rig, { messages, annotations }: Kind) {
  await rig.deploy(annotations)
  await fill(rig, messages)
  await rig.trigger.start()
  const look = async (isThere: (left: number) => boolean) => {
    for (;;) {
      const left = await rig.unsettled()
      if (left !== undefined && isThere(left)) return { left, ms: performance.now(), usage: usage(rig) }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const from = await look((left) => left < messages)
  const to = await look((left) => left === 0)
  await rig.trigger.stop()
  const used = Object.entries(to.usage).map(([name, one]) => [name, { ...one, cpuSeconds: one.cpuSeconds - from.usage[name]!.cpuSeconds }])
  return { perSecond: from.left / ((to.ms - from.ms) / 1000), usage: Object.fromEntries(used) as Record<string, Usage> }
}

async function plain(rig: Rig, messages: number, atOnce: number): Promise<number> {
  await rig.deploy({})
  await fill(rig, messages)
  return post(rig, messages, atOnce)
}

/** A plain consumer POSTs so many messages to the function itself. @returns how many a second. */
export async function post({ natsUrl, functionUrl }: Rig, messages: number, atOnce: number): Promise<number> {
  const script = join(import.meta.dirname, '../peers/plain-poster.ts')
  const args = [script, natsUrl, STREAM, String(messages), functionUrl(), String(atOnce)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

export async function fill({ publisher, subject }: Rig, messages: number): Promise<void> {
  for (let from = 0; from < messages; from += 10_000) {
    const some = Array.from({ length: Math.min(10_000, messages - from) }, (_, i) => ({ subject: subject(i), payload: PAYLOAD }))
    await publisher.publishAll(some)
  }
}

function usage({ processes, trigger }: Rig): Record<string, Usage> {
  const pids = { ...processes, trigger: trigger.pid!, function: childrenOf(processes.gateway)[0]! }
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, usageOf(pid)]))
}
