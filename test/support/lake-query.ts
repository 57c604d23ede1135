import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flushBatch } from '../../functions/flush-batch/handler.ts'
import { type Limits, lakeQuery } from '../../functions/lake-query/handler.ts'
import { ROOT } from '../../infra/stack/settings.ts'
import { duckdbEngine } from '../../shared/adapters/duckdb/engine.ts'
import { parquet } from '../../shared/adapters/parquet/parquet.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { Table } from '../../shared/delta/table.ts'
import { FileCache } from '../../shared/lake/file-cache.ts'
import { LakeTables } from '../../shared/lake/query/tables.ts'
import { tickTable } from '../../shared/lake/tick-table.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Codec } from '../../shared/ports/parquet.ts'
import { recordingPublisher } from './recording-publisher.ts'
import { type TickMessage, tickBatch } from './tick-batch.ts'

/** The function with its real engine, on a store. `limits` may be tighter than the defaults, which leave room for a busy machine. */
export async function lakeQueryOn(
  store: ObjectStore,
  limits: Partial<Limits> & { readonly cacheBytes?: number; readonly table?: string } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-query-'))
  const cache = new FileCache({ store, parent: folder, mostBytes: limits.cacheBytes ?? 2 ** 30 })
  const engine = duckdbEngine({ program: join(ROOT, 'functions/lake-query/index.ts'), memoryMb: 256, threads: 2, idleMs: 60_000 })
  const tables = new LakeTables({ store, parquet, places: limits.table === undefined ? {} : { ticks: limits.table } })
  const app = lakeQuery({ tables, cache, engine }, { mostMs: 60_000, mostRows: 100_000, mostBytes: 32e6, atOnce: 4, ...limits })
  return {
    app,
    cache,
    folder,
    /** Posts a statement; `search` is the rest of the address. */
    ask: (sql: string, search = '', headers: Record<string, string> = {}) =>
      app.request(`/${search}`, { method: 'POST', body: sql, headers }),
    async close() {
      engine.close()
      cache.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type LakeQuery = Awaited<ReturnType<typeof lakeQueryOn>>

type Answer = {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly row_count: number
  readonly truncated: false | string
  readonly tables: Readonly<Record<string, { readonly version: number; readonly files: number; readonly files_read: number }>>
  readonly code?: string
  readonly detail?: string
}
export const answerOf = async (response: Response | Promise<Response>): Promise<Answer> => (await (await response).json()) as Answer

const START_MS = Date.parse('2026-11-20T23:59:50Z')
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BRK.B']

/** Trades of three symbols, ten a second from ten seconds before midnight on: messages `from` to `to`. */
export const tradesOf = (from: number, to: number): TickMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => {
    const seq = from + i
    const symbol = SYMBOLS[seq % 3]!
    const tick = {
      timestamp: START_MS + seq * 100,
      symbol,
      price: 100 + seq / 8,
      qty: seq / 4,
      side: seq % 2 ? 'buy' : 'sell',
      trade_id: 2 ** 53 - 1 - seq,
    }
    return { seq, subject: `ticks.binance.${symbol.replace('.', '%2E')}`, text: JSON.stringify(tick), brokerMs: tick.timestamp + 5 }
  })

/** Lands trades in a table as `flush-batch` does, in one commit for each range. */
export async function landTrades(
  store: ObjectStore,
  key: string,
  ranges: readonly (readonly [number, number])[],
  codec: Codec = 'snappy',
): Promise<void> {
  for (const [from, to] of ranges) {
    const app = flushBatch(
      { table: new Table(tickTable(key, 'dt', codec), store, parquet), deadLetters: recordingPublisher() },
      { stream: STREAMS.MARKET_TICKS, futureMs: 5000, flushMs: 3_600_000, flushRows: 1_000_000, flushBytes: 2 ** 30, patienceMs: 5000 },
    )
    const response = await app.request('/', { method: 'POST', body: tickBatch(tradesOf(from, to), { after: from - 1 }) })
    if (response.status !== 200) throw new Error(await response.text())
    await app.rows.close()
  }
}
