import { STREAMS } from '../../shared/contract/streams.ts'
import { Snapshot } from '../../shared/delta/snapshot.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import { positionsIn } from '../../shared/lake/position-txns.ts'
import type { Lake } from '../support/lake.ts'
import { until } from '../support/progress.ts'
import type { Tape } from './tape.ts'
import { timeUntil, type World } from './world.ts'

/** What is wrong with a tick in itself: such a message is in no table. One that is late, or unlike its twin, was sent all the same. */
const NO_ROW = new Set(['BAD_TICK', 'NON_FINITE', 'PRICE_NOT_POSITIVE', 'QTY_NEGATIVE', 'SUBJECT_MISMATCH', 'FUTURE_TS'])

/** Waits until ticks that are published from now on are in the table. */
export function nextLakeCommit(world: World): Promise<number> {
  const offered = Math.min(world.publisher.offered, world.publisher.length - 1)
  return timeUntil('a tick published after the fault is in the lake', async () => {
    const { txns } = await world.lake.table.log.load()
    const positions = [...positionsIn(txns, 'flush-batch', STREAMS.MARKET_TICKS.name).values()]
    return Math.max(0, ...positions.map(({ version }) => sequenceOf(version))) > offered
  })
}

/** Waits until flush-batch holds no row that is not in the table. */
export async function lakeSettled({ stack }: World): Promise<void> {
  await until(
    'every row is committed',
    async () => {
      const response = await fetch(`${stack.urls.GATEWAY_URL}/function/flush-batch/metrics`, { signal: AbortSignal.timeout(2000) })
      return /^lake_waiting_rows\S* 0$/m.test(await response.text())
    },
    60_000,
    100,
  )
}

/** What the table has more than once, lacks, or has otherwise than it was sent. The n-th message of the stream is always the n-th of the tape. */
export async function checkLake(
  lake: Lake,
  tape: Tape,
): Promise<{ rows: number; double: string[]; missing: string[]; different: string[] }> {
  const seen = new Set<string>()
  const found = new Map<number, { price: number; timestamp: number }>()
  const double: string[] = []
  const different: string[] = []
  for await (const { stream_epoch, stream_seq, stream_line, price, timestamp } of lake.rows(
    'stream_epoch',
    'stream_seq',
    'stream_line',
    'price',
    'timestamp',
  )) {
    for (let i = 0; i < stream_seq!.length; i++) {
      const sequence = Number(stream_seq![i])
      const name = `epoch ${stream_epoch![i]} sequence ${sequence} line ${stream_line![i]}`
      if (seen.has(name)) double.push(name)
      seen.add(name)
      const row = { price: Number(price![i]), timestamp: Number(timestamp![i]) / 1000 }
      const other = found.get(sequence)
      if (other && (other.price !== row.price || other.timestamp !== row.timestamp)) different.push(name)
      found.set(sequence, row)
    }
  }
  const missing: string[] = []
  for (let i = 0; i < tape.length; i++) {
    const { text } = tape.message(i)
    const bad = tape.bad.get(text)
    const row = found.get(i + 1)
    if (bad && NO_ROW.has(bad.code)) {
      if (row) different.push(`${bad.code} is a row: ${text}`)
      continue
    }
    const tick = JSON.parse(text) as { price: number; timestamp: number }
    if (!row) missing.push(`sequence ${i + 1}: ${text}`)
    else if (row.price !== tick.price || row.timestamp !== tick.timestamp) different.push(`sequence ${i + 1}: ${text}`)
  }
  return { rows: seen.size, double, missing, different }
}

/**
 * What is wrong with the table's log: a version that is missing, one that the store had taken and that is another or gone now (its writer may not have heard
 * of it), or a newest checkpoint that says otherwise than all commits from the first on.
 */
export async function checkLog({
  lake: { table, store },
  proxy,
}: Pick<World, 'lake' | 'proxy'>): Promise<{ found: string; wrong: string[] }> {
  const { log } = table
  const { commits, checkpoints } = await log.files()
  const wrong = commits.flatMap(({ version }, i) => (version === i ? [] : [`version ${version} comes after ${i - 1}`]))
  const taken = [...proxy.created].filter(([key]) => key.startsWith(`${table.spec.key}/`))
  for (const [key, bytes] of taken) {
    const there = await store.get(key)
    if (!there || Buffer.compare(there, bytes) !== 0) wrong.push(`${key} was taken by the store, and is ${there ? 'another one' : 'gone'}`)
  }
  const replayed = new Snapshot()
  for (const { version } of commits) replayed.apply(version, (await log.commit(version)) ?? [])
  const loaded = await log.load()
  const texts = ({ version, files, txns }: Snapshot) =>
    [version, ...files.keys(), ...[...txns.values()].map(({ appId, version: at }) => `${appId} ${at}`)].map(String).sort()
  if (texts(loaded).join('\n') !== texts(replayed).join('\n')) wrong.push('the newest checkpoint says otherwise than the commits before it')
  return { found: `${commits.length} versions, ${taken.length} taken by the store, ${checkpoints.length} checkpoints`, wrong }
}
