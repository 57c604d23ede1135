import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportTicks } from '../../../infra/cli/lake/export.ts'
import { S3_DEVELOPMENT_KEYS } from '../../../infra/stack/services/s3.ts'
import { ROOT } from '../../../infra/stack/settings.ts'
import { type LakeQuery, lakeQueryOn, landTrades } from '../../support/lake-query.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'

let s3: TestS3
let lake: LakeQuery
let gateway: Server
let folder: string
beforeAll(async () => {
  s3 = await startS3()
  await landTrades(s3.store, 'lake/ticks', [
    [1, 120],
    [121, 300],
  ])
  lake = await lakeQueryOn(s3.store, { mostRows: 200 })
  // The function where the gateway has it.
  const listener = getRequestListener(new Hono().route('/function/lake-query', lake.app).fetch)
  gateway = createServer((req, res) => void listener(req, res)).listen(0, '127.0.0.1')
  await once(gateway, 'listening')
  folder = await mkdtemp(join(tmpdir(), 'trade2026-export-'))
}, 240_000)
afterAll(async () => {
  gateway?.closeAllConnections()
  gateway?.close()
  await lake?.close()
  await s3?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const command = async (args: readonly string[], { input = '', port = (gateway.address() as AddressInfo).port } = {}) => {
  const env = {
    ...process.env,
    S3_URL: s3.url,
    S3_ACCESS_KEY: S3_DEVELOPMENT_KEYS.accessKey,
    S3_SECRET_KEY: S3_DEVELOPMENT_KEYS.secretKey,
    TRADE2026_PORT_GATEWAY: String(port),
    TRADE2026_DATA: folder,
  }
  const child = spawn(process.execPath, [join(ROOT, 'infra/cli/trade2026.mjs'), 'lake', ...args], { cwd: folder, env })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part
  })
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

test('sql prints a table, JSON or CSV, of the newest version or an older one, and says what was cut', async () => {
  const bySymbol = await command(['sql', 'SELECT symbol, count(*) AS n, NULL AS nothing FROM ticks GROUP BY symbol ORDER BY symbol'])
  expect(bySymbol, bySymbol.stderr).toMatchObject({ code: 0, stderr: '' })
  expect(bySymbol.stdout.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
    '┌─────────┬─────┬─────────┐',
    '│ symbol │ n │ nothing │',
    '├─────────┼─────┼─────────┤',
    '│ BRK.B │ 100 │ │',
    '│ BTCUSDT │ 100 │ │',
    '│ ETHUSDT │ 100 │ │',
    '└─────────┴─────┴─────────┘',
    expect.stringMatching(/^3 rows; ticks version 1, 3 of 3 files; \d+\.\d s$/),
    '',
  ])

  const csv = await command(['sql', '--csv', '--version', '0', '-'], { input: 'SELECT count(*) AS n FROM ticks' })
  expect(csv).toMatchObject({ code: 0, stdout: 'n\r\n120\r\n' })
  const json = await command(['sql', '--json', 'SELECT stream_seq FROM ticks'])
  expect(JSON.parse(json.stdout)).toMatchObject({ row_count: 200, truncated: 'rows' })
  expect(json.stderr).toContain('cut after 200 rows')
})

test('sql says what is wrong in one line: with the statement, or where nothing answers', async () => {
  expect(await command(['sql', 'SELECT nothing FROM ticks'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^trade2026: ERR_SQL: .*nothing/),
  })
  const away = await command(['sql', 'SELECT 1'], { port: 9 })
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('is the stack up?') })
})

async function read(path: string) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const sums = 'count(*) AS n, min(stream_seq), max(stream_seq), sum(qty), count(DISTINCT symbol), min(timestamp::VARCHAR)'
  return (await connection.runAndReadAll(`SELECT ${sums} FROM '${path}'`)).getRowsJson()[0]
}

test('export writes a symbol’s day as Parquet or CSV, again and over what is there', async () => {
  const first = await command(['export', 'BRK.B', '2026-11-21'])
  expect(first, first.stderr).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/BRK\.B-2026-11-21\.parquet: 67 ticks of BRK\.B on 2026-11-21, .* version 1/),
  })
  const out = join(folder, 'ticks.csv')
  await writeFile(out, 'what was there')
  for (let i = 0; i < 2; i++)
    expect(await command(['export', 'BRK.B', '2026-11-21', '--format', 'csv', '--out', out])).toMatchObject({ code: 0 })

  const sum = Array.from({ length: 67 }, (_, i) => 101 + 3 * i).reduce((a, b) => a + b, 0) / 4
  expect(await read(join(folder, 'BRK.B-2026-11-21.parquet'))).toEqual(['67', '101', '299', sum, '1', '2026-11-21 00:00:00.1+00'])
  expect((await read(out))?.slice(0, 5)).toEqual(['67', '101', '299', sum, '1'])
  const [head, one] = (await readFile(out, 'utf8')).split('\n')
  expect([head, one?.split(',')[0]]).toEqual([expect.stringMatching(/^timestamp,exchange,symbol,/), '2026-11-21T00:00:00.100000Z'])
  expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([])
})

test('export says so where there is nothing, and leaves nothing', async () => {
  const before = await readdir(folder)
  const nothing = await command(['export', 'DOGE', '2026-11-21'])
  expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('no ticks of DOGE on 2026-11-21 in version 1') })
  expect(await readdir(folder)).toEqual(before)
})

test.each([
  ['2026-02-30', 'parquet', 'YYYY-MM-DD'],
  ['today', 'parquet', 'YYYY-MM-DD'],
  ['2026-11-21', 'xls', 'parquet, csv'],
])('export of the day %s as %s is refused', (day, format, words) => {
  expect(() => exportTicks('BTCUSDT', day, { format })).toThrow(words)
})
