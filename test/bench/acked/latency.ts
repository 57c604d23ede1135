import type { Row } from '../report.ts'
import type { Rig } from './rig.ts'

const PER_SECOND = 1000
const SECONDS = 10
const PAUSES = 20
const PAUSE_MS = 1000

/** How long a message takes from its publisher to the handler at an even rate. */
export async function steady(rig: Rig, say: (line: string) => void): Promise<Row[]> {
  await rig.deploy({ 'trigger.batch': '1' })
  await rig.trigger.start()
  await send(rig, 2)
  await rig.latenciesMs()
  await send(rig, SECONDS)
  const found = await rig.latenciesMs()
  await rig.trigger.stop()
  return rowsOf(`publish to handler, acked, ${PER_SECOND}/s, batch 1`, found, say)
}

/** The same for a message that comes to a subject on which nothing has come for a while. */
export async function idle(rig: Rig, say: (line: string) => void): Promise<Row[]> {
  await rig.deploy({ 'trigger.batch': '1' })
  await rig.trigger.start()
  await send(rig, 1)
  await rig.latenciesMs()
  for (let i = 0; i < PAUSES; i++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    publish(rig, i)
  }
  await settled(rig)
  const found = await rig.latenciesMs()
  await rig.trigger.stop()
  return rowsOf('first message on an idle subject, acked, batch 1', found, say)
}

const publish = ({ connection, subject }: Rig, i: number) =>
  connection.publish(subject(i), `@${performance.timeOrigin + performance.now()}`)

/** Publishes at an even rate; waits until all is settled. */
export async function send(rig: Rig, seconds: number): Promise<void> {
  const start = performance.now()
  for (let sent = 0; sent < seconds * PER_SECOND; ) {
    const due = Math.min(seconds * PER_SECOND, Math.floor(((performance.now() - start) / 1000) * PER_SECOND))
    for (; sent < due; sent++) publish(rig, sent)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await settled(rig)
}

async function settled(rig: Rig): Promise<void> {
  while ((await rig.unsettled()) !== 0) await new Promise((resolve) => setTimeout(resolve, 50))
}

function rowsOf(what: string, latenciesMs: readonly number[], say: (line: string) => void): Row[] {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  say(`  ${what}: P50 ${at(0.5).toFixed(2)} ms, P99 ${at(0.99).toFixed(2)} ms`)
  return (['P50', 'P99'] as const).map((name) => {
    const ms = at(Number(name.slice(1)) / 100)
    return { what: `${what}, ${name}`, unit: 'ms', median: ms, runs: [ms] }
  })
}
