import { PerformanceObserver } from 'node:perf_hooks'
import { Draft } from '../../../functions/flush-batch/draft.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { parseBatch } from '../../../shared/contract/framing.ts'
import { TICKS_TABLE } from '../../../shared/contract/lake.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { Table } from '../../../shared/delta/table.ts'
import { TickReader } from '../../../shared/lake/tick-reader.ts'
import { tickTable } from '../../../shared/lake/tick-table.ts'
import type { Codec } from '../../../shared/ports/parquet.ts'
import { memoryObjectStore } from '../../support/memory-object-store.ts'
import { tickBatch } from '../../support/tick-batch.ts'
import { hundredSymbolsTape, spyTape, type TickTape } from '../ticks.ts'
import { median } from '../usage.ts'

/**
 * `node test/bench/lake/encode.ts`: what one thread does from the bytes of a batch to the Parquet file of a commit, without servers.
 */
const BATCH = 5_000
const ROUNDS = 5
const TICKS = 600_000
const COMMIT_ROWS = 300_000

const slots = Array.from({ length: STREAMS.MARKET_TICKS.slots }, (_, slot) => [slot, 0, 1] as [number, number, 0 | 1])

function bodiesOf(tape: TickTape): Uint8Array[] {
  const bodies: Uint8Array[] = []
  let waiting: Parameters<typeof tickBatch>[0][number][] = []
  let seq = 0
  for (const { subject, text } of tape.messages(1, TICKS)) {
    waiting.push({ seq: ++seq, subject, text, brokerMs: 1_760_000_000_000 + Math.floor(seq / 100) })
    if (waiting.length < BATCH) continue
    bodies.push(tickBatch(waiting))
    waiting = []
  }
  return bodies
}

let gcMs = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) gcMs += duration
}).observe({ entryTypes: ['gc'] })

async function encodeAll(bodies: readonly Uint8Array[], codec: Codec) {
  const table = new Table(tickTable(TICKS_TABLE, 'dt', codec), memoryObjectStore(), parquet)
  const reader = new TickReader(STREAMS.MARKET_TICKS.slots, 5_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  gcMs = 0
  const cpu = process.cpuUsage()
  const spent = { parse: 0, read: 0, settle: 0, finish: 0 }
  let draft = new Draft(table, slots, 0)
  let rows = 0
  let bytes = 0
  const finish = () => {
    for (const made of draft.finish(0)) bytes += made.bytes.length
    rows += draft.count
    draft = new Draft(table, slots, 0)
  }
  const timed = <T>(part: keyof typeof spent, work: () => T): T => {
    const { user, system } = process.threadCpuUsage()
    const result = work()
    const after = process.threadCpuUsage()
    spent[part] += after.user + after.system - user - system
    return result
  }
  for (const body of bodies) {
    const batch = timed('parse', () => parseBatch(body))
    timed('read', () => reader.read(batch, draft.rows))
    timed('settle', () => draft.settle())
    if (draft.count >= COMMIT_ROWS) timed('finish', finish)
  }
  if (draft.count > 0) timed('finish', finish)
  const { user, system } = process.cpuUsage(cpu)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const each = Object.fromEntries(Object.entries(spent).map(([part, micros]) => [part, micros / rows]))
  return { cpu: (user + system) / rows, gc: (gcMs * 1000) / rows, bytes: bytes / rows, ...each }
}

for (const [name, tape] of [
  ['SPY', await spyTape()],
  ['100 symbols', await hundredSymbolsTape()],
] as const) {
  const bodies = bodiesOf(tape)
  for (const codec of ['snappy', 'zstd'] as const) {
    const rounds: Record<string, number>[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await encodeAll(bodies, codec))
    const figures = Object.keys(rounds[0]!).map((key) => `${key} ${median(rounds.map((round) => round[key]!)).toFixed(2)}`)
    console.log(`${name}, ${codec}: ${figures.join(', ')} (µs a row; bytes a row)`)
  }
}
