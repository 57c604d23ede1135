import { onTestFinished } from 'vitest'
import { flushBatch } from '../../../../functions/flush-batch/handler.ts'
import { parquet } from '../../../../shared/adapters/parquet/parquet.ts'
import { STREAMS } from '../../../../shared/contract/streams.ts'
import { keyOfPath } from '../../../../shared/delta/path.ts'
import { Table } from '../../../../shared/delta/table.ts'
import { type PartitionBy, TICK_COLUMNS, tickTable } from '../../../../shared/lake/tick-table.ts'
import type { Parquet } from '../../../../shared/ports/parquet.ts'
import { type Fate, faultyObjectStore } from '../../../support/faulty-object-store.ts'
import { memoryObjectStore } from '../../../support/memory-object-store.ts'
import { recordingPublisher } from '../../../support/recording-publisher.ts'
import * as lake from '../../../support/seqs-in.ts'
import type { TickMessage } from '../../../support/tick-batch.ts'

/** Where the table of these tests is. */
export const KEY = 'lake/ticks'
export const START_MS = Date.parse('2026-11-20T12:00:00Z')

/** A message as sources send it; `fields` over those of a usual trade. */
export const message = (seq: number, fields: object = {}, symbol = 'BTCUSDT'): TickMessage => {
  const tick = { timestamp: START_MS + seq, exchange: 'binance', symbol, price: 100 + seq, qty: 1, side: 'buy', trade_id: seq, ...fields }
  return { seq, subject: `ticks.binance.${symbol}`, text: JSON.stringify(tick), brokerMs: START_MS + seq + 3 }
}
export const messages = (from: number, to: number): TickMessage[] => lake.seqs(from, to).map((seq) => message(seq))

type Options = {
  store?: ReturnType<typeof memoryObjectStore>
  fate?: (key: string) => Fate
  flushRows?: number
  partitionBy?: PartitionBy
  flushMs?: number
  patienceMs?: number
  files?: Parquet
}

/** The function with a store in memory, until the test is over. */
export function start({
  store = memoryObjectStore(),
  fate,
  flushRows = 1_000_000,
  partitionBy = 'dt',
  flushMs = 3_600_000,
  patienceMs = 5000,
  files = parquet,
}: Options = {}) {
  const deadLetters = recordingPublisher()
  const table = new Table(tickTable(KEY, partitionBy, 'zstd'), fate ? faultyObjectStore(store, fate) : store, files)
  const settings = { stream: STREAMS.MARKET_TICKS, futureMs: 5000, flushMs, flushRows, flushBytes: 2 ** 30, patienceMs }
  const app = flushBatch({ table, deadLetters }, settings)
  onTestFinished(() => app.rows.close())
  const post = async (body: Uint8Array) => {
    const answer = await app.request('/', { method: 'POST', body })
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
  }
  return { app, store, deadLetters, post }
}

/** The rows that a store's table holds, in the order of its files. */
export async function rowsIn(store: ReturnType<typeof memoryObjectStore>): Promise<Record<string, unknown>[]> {
  const table = new Table(tickTable(KEY, 'dt', 'zstd'), store, parquet)
  const rows: Record<string, unknown>[] = []
  for (const { path, partitionValues } of (await table.snapshot()).files.values())
    for await (const group of parquet.groups((await store.get(keyOfPath(path, KEY)))!, TICK_COLUMNS))
      for (let i = 0; i < group.symbol!.length; i++)
        rows.push({ ...Object.fromEntries(Object.entries(group).map(([name, values]) => [name, values[i]])), ...partitionValues })
  return rows
}

export const seqsIn = (store: ReturnType<typeof memoryObjectStore>): Promise<number[]> => lake.seqsIn(store, KEY)
