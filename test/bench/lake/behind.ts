import type { Stack } from '../../../infra/stack/stack.ts'
import { quantile } from '../histogram.ts'
import type { Row } from '../report.ts'
import { exchangeTape } from '../tape.ts'
import { fill } from '../throughput.ts'
import { spyTape } from '../ticks.ts'
import { drained } from './drain.ts'

const ROWS = 2_000_000

/** As it is shipped (commits of 1 M rows), with 2 M rows behind: memory at most, and how long a full batch takes to its commit. */
export async function behind(stack: Stack, say: (line: string) => void): Promise<Row[]> {
  const tape = await spyTape()
  function* messages() {
    const [whole, rest] = ['behind', 'rest'].map((name) => exchangeTape(tape, name, 1))
    yield* whole!
    for (let left = ROWS - tape.length; left > 0; left--) yield rest!.next().value!
  }
  await fill(stack, messages(), 1)
  const { usage, seconds, commits } = await drained(stack, ROWS, { env: { LAKE_RUN: 'behind' } })
  const { peakMiB } = usage['function flush-batch']!
  say(`  2 M rows behind: at most ${peakMiB} MiB, commits of ${commits.map(({ rows }) => rows).join(', ')} rows`)
  const one = (what: string, unit: Row['unit'], value: number): Row => ({ what, unit, median: value, runs: [value] })
  return [
    { ...one('2 M rows behind, memory of flush-batch at most', 'MiB', peakMiB), usage },
    one('a full batch of 1 M rows to its commit, P50', 's', quantile(seconds, 0.5)),
    one('a full batch of 1 M rows to its commit, P99', 's', quantile(seconds, 0.99)),
  ]
}
