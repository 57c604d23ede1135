import type { Row } from '../report.ts'
import { post } from './drain.ts'
import type { Rig } from './rig.ts'

const PER_SECOND = 1000
const SECONDS = 10
/** So long V8 needs at a thousand messages a second to compile what runs often: it is done after some ten thousand of them, and makes calls wait for a tenth of a second. */
const WARM_UP_S = 15
/** How many POSTs a plain consumer has under way at once. */
const PLAIN_AT_ONCE = 32
const PAUSES = 20
const PAUSE_MS = 1000

/** How long a message takes from its publisher to the handler at an even rate; and by a plain consumer that POSTs to the function itself, what the machine allows. */
export async function steady(rig: Rig, say: (line: string) => void): Promise<Row[]> {
  await rig.deploy({ 'trigger.batch': '1' })
  await rig.trigger.start()
  await send(rig, WARM_UP_S)
  await rig.latenciesMs()
  await send(rig, SECONDS)
  const ours = await rig.latenciesMs()
  await rig.trigger.stop()

  await rig.deploy({})
  const posted = post(rig, (WARM_UP_S + SECONDS) * PER_SECOND, PLAIN_AT_ONCE)
  await pace(rig, WARM_UP_S)
  await pace(rig, SECONDS)
  await posted
  const theirs = (await rig.latenciesMs()).slice(-SECONDS * PER_SECOND)
  return [
    ...rowsOf(`publish to handler, acked, ${PER_SECOND}/s, batch 1`, ours, say),
    ...rowsOf(`publish to handler, plain consumer to the function itself, ${PER_SECOND}/s`, theirs, say),
  ]
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
  await pace(rig, seconds)
  await settled(rig)
}

async function pace(rig: Rig, seconds: number): Promise<void> {
  const start = performance.now()
  for (let sent = 0; sent < seconds * PER_SECOND; ) {
    const due = Math.min(seconds * PER_SECOND, Math.floor(((performance.now() - start) / 1000) * PER_SECOND))
    for (; sent < due; sent++) publish(rig, sent)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
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
