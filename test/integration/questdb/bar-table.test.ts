import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyTables } from '../../../infra/storage/questdb/apply.ts'
import { questdbBarTable } from '../../../shared/adapters/questdb/bar-table.ts'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import type { BarTable } from '../../../shared/ports/bar-table.ts'
import { barTableCases } from '../../conformance/bar-table.ts'
import { bar, MINUTE_MS } from '../../support/bar.ts'
import { untilApplied } from '../../support/questdb.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let questdb: Questdb
let table: BarTable

beforeAll(async () => {
  servers = await startServers({ questdb: true })
  await applyTables(servers.urls.QUESTDB_URL)
  questdb = connectQuestdb(servers.urls)
  table = questdbBarTable(questdb)
})
afterAll(() => servers?.stop())

describe('the bar table in QuestDB', () => {
  barTableCases(() => ({ table, settled: () => untilApplied(questdb) }))
})

test('applying the tables again changes nothing and runs no migration twice', async () => {
  await applyTables(servers.urls.QUESTDB_URL)
  const files = (await questdb.sql('SELECT file FROM schema_migrations')).map(([file]) => file)
  expect(files).toEqual([...new Set(files)])
  expect(files[0]).toBe('0001-bars.sql')
})

test('an address where nothing listens is one clear error', async () => {
  const { questdb: away } = { questdb: connectQuestdb({ QUESTDB_URL: servers.urls.NATS_URL.replace('nats:', 'http:') }) }
  await expect(away.sql('SELECT 1')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') })
  await expect(away.ready()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
})

test('a row that QuestDB refuses for good is a terminal error, and spoils no later write', async () => {
  await expect(table.write([bar({ symbol: 'REFUSED', exchange: '\0' })])).rejects.toMatchObject({
    name: 'TerminalError',
    code: 'ERR_INTERNAL',
  })
  await table.write([bar({ symbol: 'TAKEN' })])
  await untilApplied(questdb)
  expect((await table.read({ symbol: 'TAKEN', interval: '1m', limit: 1, end: 'newest' })).bars).toHaveLength(1)
})

test("the seeds' query finds the newest versions, newest first", async () => {
  const old = Array.from({ length: 12 }, (_, i) => bar({ timestamp: MINUTE_MS + i * 60_000, version: versionOf(1, i) }))
  await table.write([...old, bar({ timestamp: MINUTE_MS + 11 * 60_000, close: 7, first_id: null, rev: 1, version: versionOf(1, 50) })])
  await untilApplied(questdb)
  const rows = await questdb.sql(`SELECT timestamp, close, first_id, last_id, rev FROM
    (SELECT * FROM ohlcv_1m WHERE symbol='BTCUSDT' ORDER BY timestamp DESC LIMIT 10)`)
  expect(rows).toHaveLength(10)
  expect(rows[0]).toEqual([new Date(MINUTE_MS + 11 * 60_000).toISOString().replace('000Z', '000000Z'), 7, null, '123458', 1])
  expect(rows[9]).toEqual([new Date(MINUTE_MS + 2 * 60_000).toISOString().replace('000Z', '000000Z'), 45_005, '123456', '123458', 0])
})

test('100,000 bars of 100 symbols are written and read back', async () => {
  const count = 100_000
  const made = (i: number) =>
    bar({ symbol: `MANY${i % 100}`, timestamp: MINUTE_MS + Math.floor(i / 100) * 60_000, close: i, version: versionOf(1, i) })
  for (let i = 0; i < count; i += 5000) await table.write(Array.from({ length: 5000 }, (_, k) => made(i + k)))
  await untilApplied(questdb)
  expect(await questdb.sql("SELECT count() FROM ohlcv_1m_versions WHERE symbol LIKE 'MANY%'")).toEqual([[count]])
  const { bars, more } = await table.read({ symbol: 'MANY42', interval: '1m', limit: 10_000, end: 'newest' })
  expect(bars.map(({ close }) => close)).toEqual(Array.from({ length: 1000 }, (_, i) => i * 100 + 42))
  expect(more).toBe(false)
})
