import type { Lake } from '../../support/lake.ts'
import type { OwnStack } from '../../support/own-stack.ts'
import { replicasOf } from '../../support/own-stack.ts'
import { metricsOf, until } from '../client.ts'
import type { Row } from '../report.ts'
import { usageOf } from '../usage.ts'
import { Day } from './day.ts'

export type Rig = {
  readonly stack: OwnStack
  readonly lake: (name: string) => Promise<Lake>
  readonly flushes: number
  readonly rows: number
  readonly target: number
}

const PER_RUN = 30
const HOUR_MS = 3_600_000
const A_DAY_AGO = 86_400_000
/** Old enough to be whole, and not yet so old that a commit refuses to name it. */
const FILE_AGE_MS = A_DAY_AGO / 2
const LONG = { ms: 3_600_000, everyMs: 20 }

type Say = (line: string) => void

/** As it is day by day: upkeep each five minutes beside the flushes, and once more when the day is over. */
export async function steady(rig: Rig, say: Say): Promise<Row[]> {
  const { stack, flushes, rows } = rig
  const lake = await rig.lake('steady')
  const day = new Day(lake.table, rows, Date.now() - A_DAY_AGO)
  const took: number[] = []
  let most = 0
  for (let at = 0; at < flushes; ) {
    for (const end = Math.min(at + PER_RUN, flushes); at < end; at++) await day.flush(at, Date.now())
    took.push(await upkeep(stack))
    most = Math.max(most, (await lake.table.snapshot()).files.size)
  }
  const total = await bytesOf(lake)
  const rewritten = await counted(stack, 'lake_rewritten_bytes_total')
  say(`  upkeep each ${PER_RUN} flushes: ${most} files at most, each byte rewritten ${(rewritten / total).toFixed(1)} times`)
  const sorted = took.toSorted((a, b) => a - b)
  return [
    row('upkeep each 30 flushes: a run', 's', took.reduce((a, b) => a + b, 0) / took.length, sorted),
    row('files that stood at most while the day came in', 'files', most),
    row('how often a byte was rewritten while the day came in', '×', rewritten / total),
    ...(await loads(lake)),
    ...used(stack, 'the day'),
  ]
}

/** Upkeep was away for the day, and then looks at all of it at once. */
export async function behind(rig: Rig, say: Say): Promise<Row[]> {
  const { stack, flushes, rows, target } = rig
  const lake = await rig.lake('behind')
  const day = new Day(lake.table, rows, Date.now() - A_DAY_AGO)
  const writtenMs = Date.now() - FILE_AGE_MS
  for (let at = 0; at < flushes; at++) await day.flush(at, writtenMs)
  say(`  ${flushes} flushes of ${rows} rows are written: ${((await bytesOf(lake)) / 1e6).toFixed(0)} MB`)
  const before = await loads(lake, 'without a checkpoint ')
  const seconds = await upkeep(stack)
  const bytes = await bytesOf(lake)
  const { files } = await lake.table.log.load()
  const bound = Math.ceil(bytes / target)
  if (files.size > bound) throw new Error(`${files.size} files are left, of ${bound} that hold ${bytes} bytes`)
  say(`  upkeep: ${flushes} files became ${files.size} in ${seconds.toFixed(1)} s`)
  return [
    ...before,
    row(`upkeep of ${flushes} flushes at once`, 's', seconds),
    row('files left', 'files', files.size),
    row('files allowed (one per full size)', 'files', bound),
    row('bytes of the day', 'MiB', bytes / 2 ** 20),
    row('rows rewritten a second', 'rows/s', (flushes * rows) / seconds),
    ...(await loads(lake)),
    ...used(stack, 'the day at once'),
  ]
}

/** One run, to its end: its call is answered before. */
async function upkeep(stack: OwnStack): Promise<number> {
  const runs = async () => {
    const page = await metricsOf(stack, 'lake-upkeep')
    const of = (outcome: string) =>
      Number(new RegExp(`^lake_upkeep_runs_total\\{outcome="${outcome}".*\\} (\\d+)$`, 'm').exec(page)?.[1] ?? 0)
    if (of('failed') > 0) throw new Error('upkeep has failed: see its log')
    return of('done') + of('cut')
  }
  const before = await runs()
  const started = performance.now()
  const at = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS + 300_000).toISOString()
  const answer = await fetch(`${stack.urls.GATEWAY_URL}/function/lake-upkeep`, { method: 'POST', headers: { 'X-Scheduled-Time': at } })
  if (!answer.ok) throw new Error(`lake-upkeep: ${answer.status} ${await answer.text()}`)
  await until('a run of upkeep', async () => (await runs()) > before, LONG)
  return (performance.now() - started) / 1000
}

const bytesOf = async (lake: Lake): Promise<number> =>
  [...(await lake.table.log.load()).files.values()].reduce((sum, { size }) => sum + size, 0)

/** How long a reader needs to know the table, and what that costs it. */
async function loads(lake: Lake, how = ''): Promise<Row[]> {
  const runs: number[] = []
  for (let i = 0; i < 3; i++) {
    const started = performance.now()
    await lake.table.log.load()
    runs.push((performance.now() - started) / 1000)
  }
  return [row(`the table ${how}is known to a reader`, 's', runs.toSorted((a, b) => a - b)[1]!, runs)]
}

async function counted(stack: OwnStack, name: string): Promise<number> {
  return Number(new RegExp(`^${name}\\S* ([\\d.e+]+)$`, 'm').exec(await metricsOf(stack, 'lake-upkeep'))?.[1] ?? 0)
}

function used(stack: OwnStack, what: string): Row[] {
  const [replica] = replicasOf(stack, 'lake-upkeep')
  if (!replica) return []
  const usage = usageOf(replica.pid)
  return [{ ...row(`lake-upkeep's memory at most: ${what}`, 'MiB', usage.peakMiB), usage: { 'lake-upkeep': usage } }]
}

const row = (what: string, unit: Row['unit'], median: number, runs: readonly number[] = [median]): Row => ({ what, unit, median, runs })
