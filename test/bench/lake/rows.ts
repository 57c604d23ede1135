import type { Stack } from '../../../infra/stack/stack.ts'
import { annotate, metricsOf, until } from '../client.ts'
import type { Row } from '../report.ts'
import { exchangeTape } from '../tape.ts'
import { cpu, fill } from '../throughput.ts'
import type { TickTape } from '../ticks.ts'
import { median } from '../usage.ts'

type Committed = { readonly rows: number; readonly ms: number }

/**
 * From the stream to committed rows: the clock runs from the first commit to the last full one, so that neither a process that starts nor the
 * last rows' waiting time is in it.
 */
export async function committed(
  stack: Stack,
  tape: TickTape,
  { rounds, most }: { rounds: number; most: number },
  say: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const readers of [1, 4]) {
    const runs: number[] = []
    let usage: Row['usage']
    for (let round = 1; round <= rounds; round++) {
      const { messages } = await fill(stack, exchangeTape(tape, `lake${readers}-${round}`, 1, most), 1)
      await annotate(stack, 'flush-batch', { 'trigger.readers': String(readers) })
      const rate = await drained(stack, messages)
      usage = cpu(stack)
      runs.push(rate)
      say(`  to the lake, ${readers} reader${readers > 1 ? 's' : ''}: ${Math.round(rate).toLocaleString('en')} rows/s`)
    }
    rows.push({
      what: `SPY to committed rows, ${readers} reader${readers > 1 ? 's' : ''}`,
      unit: 'ticks/s',
      median: median(runs),
      runs,
      usage,
    })
  }
  const seconds = await quantile(stack, 0.99)
  rows.push({ what: 'a full batch to its commit, P99 (upper bound of the bucket)', unit: 's', median: seconds, runs: [seconds] })
  return rows
}

async function drained(stack: Stack, messages: number): Promise<number> {
  const before = await committedRows(stack)
  const commits: Committed[] = []
  const trigger = stack.process('trigger-0')
  await trigger.start()
  await until('all rows are committed', async () => {
    const rows = (await committedRows(stack)) - before
    if (rows > (commits.at(-1)?.rows ?? 0)) commits.push({ rows, ms: performance.now() })
    return rows >= messages
  })
  await trigger.stop()
  const [first, last] = [commits[0]!, commits.at(-2) ?? commits.at(-1)!]
  return (last.rows - first.rows) / ((last.ms - first.ms) / 1000)
}

const committedRows = async (stack: Stack): Promise<number> =>
  Number(/^lake_rows_total\S* (\d+)$/m.exec(await metricsOf(stack, 'flush-batch'))?.[1] ?? 0)

/** The upper bound of the bucket that a quantile of the commits' durations is in. */
async function quantile(stack: Stack, part: number): Promise<number> {
  const buckets = [...(await metricsOf(stack, 'flush-batch')).matchAll(/^lake_commit_seconds_bucket\{le="([^"]+)"[^}]*\} (\d+)$/gm)]
  const all = Number(buckets.at(-1)?.[2] ?? 0)
  return Number(buckets.find(([, , count]) => Number(count) >= part * all)?.[1] ?? Number.NaN)
}
