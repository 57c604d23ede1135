import { DOCUMENTS_TABLE } from '../../../shared/contract/lake.ts'
import { lakeOf } from '../../support/lake.ts'
import { metricsOf } from '../client.ts'
import type { Row } from '../report.ts'
import { median } from '../usage.ts'
import { plainBulk } from './plain/run.ts'
import { handledBy, READERS, type Reader, type Rig, readBy, usageNow, usedSince } from './rig.ts'

/** The lake's reader takes so many at once, and waits for the last of a batch: rounds are whole batches. */
const BATCH = 1000

/** Publishes all that is still to come and waits until it is stored. */
export async function fill({ stack, count, published, publish }: Rig, say: (line: string) => void): Promise<void> {
  const missing = count - published.messages
  if (missing <= 0) return
  say(`  ${missing} documents first`)
  await publish(missing)
  const goal = await goals(stack, missing)
  await stack.process('trigger-0').start()
  await readBy(stack, READERS, goal)
  await stack.process('trigger-0').stop()
}

/**
 * From a full stream to documents that are stored, by both readers side by side, and in the same round, of the same messages, by a plain script.
 * The clock runs from the trigger's start.
 */
export async function rows(rig: Rig, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const { stack, count, published } = rig
  const each = Math.max(1, Math.round(count / rounds / BATCH)) * BATCH
  const rates: Record<Reader | 'plain', number[]> = { 'index-alt-doc': [], 'flush-alt-docs': [], plain: [] }
  let usage: Row['usage']
  for (let round = 1; round <= rounds; round++) {
    const first = await rig.publish(each)
    const goal = await goals(stack, each)
    const before = usageNow(stack)
    await stack.process('trigger-0').start()
    const seconds = await readBy(stack, READERS, goal)
    usage = usedSince(before, usageNow(stack))
    await stack.process('trigger-0').stop()
    for (const reader of READERS) rates[reader].push(each / seconds[reader]!)
    rates.plain.push(await plainBulk(stack, first, each))
    const told = Object.entries(rates).map(([name, runs]) => `${name} ${Math.round(runs.at(-1)!)}/s`)
    say(`  round ${round} of ${rounds}, ${each} documents: ${told.join(', ')}`)
  }
  await verify(rig, say)
  const row = (what: string, runs: number[]): Row => ({ what, unit: 'documents/s', median: median(runs), runs })
  const ratios = rates.plain.map((plain, round) => rates['index-alt-doc'][round]! / plain)
  return [
    { ...row(`index-alt-doc, the lake's reader beside it, up to ${published.messages} documents`, rates['index-alt-doc']), usage },
    row("flush-alt-docs, the search's reader beside it", rates['flush-alt-docs']),
    row('a plain bulk script, nothing beside it: no position, no repeats found, no lake', rates.plain),
    { what: 'index-alt-doc beside the plain script, round by round', unit: '×', median: median(ratios), runs: ratios },
  ]
}

async function goals(stack: Rig['stack'], more: number): Promise<Record<Reader, number>> {
  const goal = await Promise.all(READERS.map(async (reader) => [reader, (await handledBy(stack, reader)) + more] as const))
  return Object.fromEntries(goal) as Record<Reader, number>
}

/** A fast path that loses documents would not be one. @throws {Error} unless each store has each document once. */
async function verify({ stack, published: { messages, distinct } }: Rig, say: (line: string) => void): Promise<void> {
  await fetch(`${stack.urls.OPENSEARCH_URL}/alt_news/_refresh`, { method: 'POST' })
  const answer = (await (await fetch(`${stack.urls.OPENSEARCH_URL}/alt_news/_count`)).json()) as { count: number }
  const ids = new Set<string>()
  let inLake = 0
  for await (const { id } of lakeOf(stack.urls.S3_URL, DOCUMENTS_TABLE).rows('id'))
    for (let i = 0; i < id!.length; i++) {
      ids.add(String(id![i]))
      inLake++
    }
  const near = /what="near".*\} (\d+)$/m.exec(await metricsOf(stack, 'index-alt-doc'))?.[1] ?? 0
  const told = `of ${messages} messages ${distinct} documents: ${answer.count} in the index, ${inLake} in the lake, ${ids.size} of them different; ${near} near-duplicates`
  if (answer.count !== distinct || inLake !== distinct || ids.size !== distinct) throw new Error(told)
  say(`  ${told}`)
}
