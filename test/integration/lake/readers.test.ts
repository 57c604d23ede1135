import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../../infra/stack/settings.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { Table } from '../../../shared/delta/table.ts'
import { tickTable } from '../../../shared/lake/tick-table.ts'
import type { Codec } from '../../../shared/ports/parquet.ts'
import { duckdbReader } from '../../support/duckdb/reader.ts'
import { landTrades, tradesOf } from '../../support/lake-query.ts'
import { installOracle } from '../../support/oracle/oracle.ts'
import { runPython } from '../../support/python.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'

let s3: TestS3
let duckdb: Awaited<ReturnType<typeof duckdbReader>>
beforeAll(async () => {
  s3 = await startS3()
  duckdb = await duckdbReader(s3.url)
}, 240_000)
afterAll(() => s3?.stop())

const RANGES = [
  [1, 120],
  [121, 300],
  [301, 320],
] as const

const SUMS = `SELECT dt, count(*) AS n, sum(qty) AS qty, sum(stream_seq)::BIGINT AS seqs, min(price) AS low, max(price) AS high, count(DISTINCT trade_id) AS ids,
  min(timestamp)::VARCHAR AS first, max(received)::VARCHAR AS last, count(*) FILTER (side = 'buy') AS buys, count(bid) AS bids FROM t GROUP BY dt ORDER BY dt`

/** The same, from what was sent. */
function expected(to: number) {
  const ticks = tradesOf(1, to).map(({ seq, text, brokerMs }) => ({
    ...(JSON.parse(text) as { timestamp: number; price: number; qty: number; side: string }),
    seq,
    brokerMs,
  }))
  const textOf = (ms: number) =>
    `${new Date(ms)
      .toISOString()
      .replace('T', ' ')
      .replace(/\.?0*Z$/, '')}+00`
  return ['2026-11-20', '2026-11-21'].flatMap((dt) => {
    const day = ticks.filter(({ timestamp }) => new Date(timestamp).toISOString().startsWith(dt))
    const sum = (of: (tick: (typeof day)[number]) => number) => day.reduce((total, tick) => total + of(tick), 0)
    if (day.length === 0) return []
    return [
      {
        dt,
        n: day.length,
        qty: sum(({ qty }) => qty),
        seqs: sum(({ seq }) => seq),
        low: day[0]!.price,
        high: day.at(-1)!.price,
        ids: day.length,
        first: textOf(day[0]!.timestamp),
        last: textOf(day.at(-1)!.brokerMs),
        buys: day.filter(({ side }) => side === 'buy').length,
        bids: 0,
      },
    ]
  })
}

describe.each<Codec>(['snappy', 'zstd'])('%s', (codec) => {
  const key = `tests/readers-${codec}`

  test('DuckDB’s own Delta reader finds the rows, sums, extremes and times that were sent, in the newest version and in the first', async () => {
    await landTrades(s3.store, key, RANGES, codec)

    expect(await duckdb.query(key, SUMS)).toEqual(expected(320))
    expect(await duckdb.query(key, SUMS, 0)).toEqual(expected(120))
  })

  test('and so from our checkpoint, and after files were rewritten', async () => {
    const table = new Table(tickTable(key, 'dt', codec), s3.store, parquet)
    expect(await table.checkpoint(1)).toBe(2)
    await table.optimize({ targetBytes: 2 ** 27, sortBy: ['symbol', 'timestamp'], untilMs: Date.now() + 60_000 })
    expect((await table.snapshot()).version).toBeGreaterThan(2)

    expect(await duckdb.query(key, SUMS)).toEqual(expected(320))
    expect(
      await duckdb.query(key, "SELECT count(*) AS n FROM t WHERE dt = '2026-11-21' AND symbol = 'BTCUSDT' AND stream_seq > 200"),
    ).toEqual([{ n: 40 }])
  })
})

/** The block of a language in the README, with the address of the test's own server. */
function snippet(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))!
  return code!.replaceAll('127.0.0.1:8333', new URL(s3.url).host)
}

test('the README’s three lines of DuckDB and three of Python read the table as they stand there', async () => {
  await landTrades(s3.store, 'lake/ticks', RANGES)
  const rows = ['BRK.B', 'BTCUSDT', 'ETHUSDT'].map((symbol) => {
    const prices = tradesOf(1, 320).map(({ text }) => JSON.parse(text) as { symbol: string; price: number })
    const own = prices.filter((tick) => tick.symbol === symbol)
    return { symbol, n: own.length, high: own.at(-1)!.price }
  })

  const sql = snippet('sql')
  expect(sql.trim().split('\n')).toHaveLength(3)
  expect(await duckdb.run(sql.trim().split('\n'))).toEqual(rows)

  const python = snippet('python')
  expect(python.trim().split('\n')).toHaveLength(3)
  const printed = await runPython(await installOracle(), ['-c', python])
  for (const { symbol, n, high } of rows) for (const text of [symbol, n, high]) expect(printed).toContain(String(text))
})
