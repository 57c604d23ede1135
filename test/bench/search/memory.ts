import type { Row } from '../report.ts'
import { type Rig, usageNow } from './rig.ts'

/** The most memory that each process had so far: measured last, it is that of all before. */
export async function memory({ stack, published }: Rig): Promise<Row[]> {
  const used = usageNow(stack)
  return ['function index-alt-doc', 'function flush-alt-docs', 'function alt-search', 'opensearch'].map((name) => {
    const { peakMiB } = used[name]!
    return { what: `memory of ${name} at most, after ${published.messages} documents`, unit: 'MiB', median: peakMiB, runs: [peakMiB] }
  })
}
