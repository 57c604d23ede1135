import type { Stack } from '../../../infra/stack/stack.ts'
import { replicasOf } from '../../support/own-stack.ts'
import { metricsOf, redeploy, until } from '../client.ts'
import { type Buckets, bucketsOf } from '../histogram.ts'
import { cpu } from '../throughput.ts'
import type { Usage } from '../usage.ts'
import type { Commit } from './peers/run.ts'

/** What a new process of flush-batch made of the stream. */
export type Drained = {
  readonly commits: readonly Commit[]
  /** From a full batch to its commit. */
  readonly seconds: Buckets
  readonly bytes: number
  readonly usage: Readonly<Record<string, Usage>>
}

/** Settings other than the shipped ones. */
export type Settings = { readonly readers?: number; readonly env?: Readonly<Record<string, string>> }

/** How long two million rows may take on a machine that is shared. */
const MOST_MS = 600_000

/** Starts flush-batch anew and a trigger on a full stream, and waits until all of its `rows` ticks are in the table. */
export async function drained(stack: Stack, rows: number, { readers = 1, env = {} }: Settings = {}): Promise<Drained> {
  const [before] = replicasOf(stack, 'flush-batch')
  await redeploy(stack, 'flush-batch', { annotations: { 'trigger.readers': String(readers) }, envVars: env })
  await until('a new process', async () => replicasOf(stack, 'flush-batch').every(({ pid }) => pid !== before?.pid))
  const commits: Commit[] = []
  const earlier = cpu(stack)
  const trigger = stack.process('trigger-0')
  await trigger.start()
  const look = async () => {
    const page = await metricsOf(stack, 'flush-batch')
    const there = counted(page, 'lake_rows_total')
    if (there > (commits.at(-1)?.rows ?? 0)) commits.push({ rows: there, ms: performance.now() })
    return there >= rows && page
  }
  const page = await until('all rows are committed', look, { ms: MOST_MS })
  const later = Object.entries(cpu(stack))
  await trigger.stop()
  return {
    commits,
    seconds: bucketsOf(page, 'lake_commit_seconds'),
    bytes: counted(page, 'lake_file_bytes_total'),
    usage: Object.fromEntries(
      later.map(([name, used]) => [name, { ...used, cpuSeconds: used.cpuSeconds - (earlier[name]?.cpuSeconds ?? 0) }]),
    ),
  }
}

const counted = (page: string, name: string): number => Number(new RegExp(`^${name}\\S* (\\d+)$`, 'm').exec(page)?.[1] ?? 0)
