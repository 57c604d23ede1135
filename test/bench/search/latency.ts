import { setTimeout as pause } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { altSubject } from '../../../shared/contract/subjects.ts'
import { random } from '../../chaos/random.ts'
import { redeploy } from '../client.ts'
import { quantileOf } from '../host/load.ts'
import type { Row } from '../report.ts'
import type { Reader, Rig } from './rig.ts'
import { fill } from './rows.ts'

/** Between two documents; by chance half as long or half as long again, so that they meet the index in all its moments. */
const EVERY_MS = 200
/** Between two questions whether documents can be found. */
const ASK_MS = 25
const MOST_MS = 60_000
const READER: Reader = 'index-alt-doc'
/** As shipped, and as the seeds have it. */
const WAITS = [
  { what: 'as shipped', waitMs: 0, seconds: 10 },
  { what: 'in batches of 10 s', waitMs: 10_000, seconds: 20 },
]

/** How long a document takes from its publishing to where `GET /alt/search` finds it, the lake's reader beside it. */
export async function latency(rig: Rig, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const { stack } = rig
  await fill(rig, say)
  const rows: Row[] = []
  await stack.process('trigger-0').start()
  for (const { what, waitMs, seconds } of WAITS) {
    await redeploy(stack, READER, { annotations: { 'trigger.wait-ms': String(waitMs) } })
    await probe(rig, `warm-${waitMs}`, 3)
    const tookMs = (await probe(rig, `probe-${waitMs}`, seconds * rounds)).sort((a, b) => a - b)
    for (const [name, q] of [
      ['P50', 0.5],
      ['P95', 0.95],
    ] as const) {
      const ms = quantileOf(tookMs, q)
      const text = `published to searchable, ${what}, a document each ${EVERY_MS} ms, asked each ${ASK_MS} ms, ${name} of ${tookMs.length}`
      say(`  ${text}: ${Math.round(ms)} ms`)
      rows.push({ what: text, unit: 'ms', median: ms, runs: [ms] })
    }
  }
  await redeploy(stack, READER, { annotations: { 'trigger.wait-ms': '0' } })
  await stack.process('trigger-0').stop()
  return rows
}

/** Publishes documents of a source for some seconds while it searches for them. @returns how long each took, ms. */
async function probe({ stack, published }: Rig, source: string, seconds: number): Promise<number[]> {
  const next = random(1)
  const nc = await connect({ servers: stack.urls.NATS_URL })
  const waiting = new Map<string, number>()
  const tookMs: number[] = []
  let isOver = false
  const search = async () => {
    while (!isOver || waiting.size > 0) {
      await pause(ASK_MS)
      if (waiting.size === 0) continue
      // Those that wait are the newest of their source.
      const query = new URLSearchParams({ source, sort: 'newest', size: String(Math.min(100, waiting.size)) })
      const answer = await fetch(`${stack.urls.GATEWAY_URL}/alt/search?${query}`)
      const { documents } = (await answer.json()) as { documents: { title: string }[] }
      const now = performance.now()
      for (const { title } of documents) {
        const since = waiting.get(title)
        if (since === undefined) continue
        tookMs.push(now - since)
        waiting.delete(title)
      }
      for (const [title, since] of waiting) if (now - since > MOST_MS) throw new Error(`${title} cannot be found after ${MOST_MS / 1000} s`)
    }
  }
  const searching = search()
  const end = performance.now() + seconds * 1000
  for (let i = 0; performance.now() < end; i++) {
    const title = `Generated ${source} ${i}`
    const doc = { ts_ms: Date.now(), title, body: `What there is to say about number ${i}.` }
    waiting.set(title, performance.now())
    await jetstream(nc).publish(altSubject('news', source), JSON.stringify(doc))
    published.messages++
    published.distinct++
    await pause(EVERY_MS * (0.5 + next()))
  }
  isOver = true
  await searching
  await nc.close()
  return tookMs
}
