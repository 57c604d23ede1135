import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileCache } from '../../../shared/lake/file-cache.ts'
import { appendNumbers, NUMBERS, numbersTable } from '../../support/delta.ts'
import { answerOf, type LakeQuery, lakeQueryOn, landTrades } from '../../support/lake-query.ts'
import { memoryObjectStore } from '../../support/memory-object-store.ts'

// The engine is a process of its own: on a busy machine it takes a while to be there.
const SLOW = { timeout: 120_000 }

const store = memoryObjectStore()
let lake: LakeQuery
let small: LakeQuery
beforeAll(async () => {
  await landTrades(store, 'lake/ticks', [
    [1, 120],
    [121, 300],
  ])
  lake = await lakeQueryOn(store)
  small = await lakeQueryOn(store, { mostRows: 10, mostBytes: 2000, atOnce: 1 })
}, 120_000)
afterAll(async () => {
  await lake?.close()
  await small?.close()
})

const get = (search: string, headers = {}) => lake.app.request(`/?${search}`, { headers })

test('a statement over the ticks is answered with rows, columns and the version it read', SLOW, async () => {
  const response = await lake.ask('SELECT symbol, count(*) AS n, sum(qty) AS qty FROM ticks GROUP BY symbol ORDER BY symbol')

  expect(response.status).toBe(200)
  expect(await answerOf(response)).toMatchObject({
    columns: [
      { name: 'symbol', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
      { name: 'qty', type: 'DOUBLE' },
    ],
    rows: [
      ['BRK.B', '100', 3762.5],
      ['BTCUSDT', '100', 3787.5],
      ['ETHUSDT', '100', 3737.5],
    ],
    row_count: 3,
    truncated: false,
    tables: { ticks: { version: 1, files: 3, files_read: 3 } },
  })
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'x-lake-rows': '3',
    'x-lake-truncated': 'false',
    'x-lake-versions': 'ticks=1',
  })
})

test('files of other days are neither fetched nor read; an older version is read as it was', SLOW, async () => {
  const sql = "SELECT count(*), max(stream_seq), min(dt) FROM ticks WHERE dt = '2026-11-21'"
  const now = await answerOf(lake.ask(sql))
  const then = await answerOf(lake.ask(sql, '?version=0'))

  expect([now.rows, now.tables.ticks]).toEqual([[['201', '300', '2026-11-21']], { version: 1, files: 3, files_read: 2 }])
  expect([then.rows, then.tables.ticks]).toEqual([[['21', '120', '2026-11-21']], { version: 0, files: 2, files_read: 1 }])
  expect(await answerOf(lake.ask(sql, '?version=7'))).toMatchObject({ code: 'ERR_NOT_FOUND', detail: expect.stringContaining('version 7') })
})

test('JSON keeps what its numbers cannot hold as text, CSV is quoted where it must be, null differs from an empty text', SLOW, async () => {
  const sql = `SELECT trade_id, timestamp, price, 12.30::DECIMAL(10, 2) AS d, 'nan'::DOUBLE AS f, [1, NULL] AS l, {'a': 5::BIGINT} AS s, NULL AS nothing,
    '' AS empty, 'a "b",c' AS text, DATE '2026-01-02' AS day, true AS b FROM ticks WHERE stream_seq = 1`
  const [row] = (await answerOf(lake.ask(sql))).rows

  expect(row).toEqual([
    '9007199254740990',
    '2026-11-20T23:59:50.100000Z',
    100.125,
    '12.30',
    'NaN',
    [1, null],
    { a: '5' },
    null,
    '',
    'a "b",c',
    '2026-01-02',
    true,
  ])
  const csv = await lake.ask(sql, '', { accept: 'text/csv' })
  expect(csv.headers.get('content-type')).toContain('text/csv')
  expect(await csv.text()).toBe(
    'trade_id,timestamp,price,d,f,l,s,nothing,empty,text,day,b\r\n' +
      '9007199254740990,2026-11-20T23:59:50.100000Z,100.125,12.30,NaN,"[1,null]","{""a"":""5""}",,"","a ""b"",c",2026-01-02,true\r\n',
  )
})

test('Arrow is a stream that Arrow reads, with exact integers, times and decimals', SLOW, async () => {
  const sql =
    'SELECT trade_id, timestamp, price, symbol, (stream_seq / 8)::DECIMAL(20, 3) AS d, sum(stream_seq) OVER () AS h, CASE WHEN stream_seq > 2 THEN 1 END AS some FROM ticks ORDER BY stream_seq'
  const response = await lake.ask(sql, '', { accept: 'application/vnd.apache.arrow.stream' })
  const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()))

  expect(table.numRows).toBe(300)
  expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'trade_id Int64',
    'timestamp Timestamp<MICROSECOND, UTC>',
    'price Float64',
    'symbol Utf8',
    'd Decimal[20e+3]',
    'h Decimal[38e0]',
    'some Int32',
  ])
  const times = table.getChild('timestamp')!.data[0]!.values as BigInt64Array
  expect(times[0]).toBe(BigInt(Date.parse('2026-11-20T23:59:50.100Z')) * 1000n)
  expect(table.get(0)!.trade_id).toBe(9007199254740990n)
  expect(String(table.get(2)!.d)).toContain('375')
  expect([table.get(0)!.some, table.get(2)!.some]).toEqual([null, 1])
  const nothing = await lake.ask('SELECT symbol FROM ticks WHERE false', '?format=arrow')
  expect(tableFromIPC(new Uint8Array(await nothing.arrayBuffer())).numRows).toBe(0)
})

test('it is asked by GET, by a body of JSON, or by the statement itself', SLOW, async () => {
  const sql = encodeURIComponent('SELECT 7 AS seven')
  expect(await (await get(`sql=${sql}&format=csv`)).text()).toBe('seven\r\n7\r\n')
  const body = JSON.stringify({ sql: 'SELECT count(*) AS n FROM ticks', format: 'csv', version: 0 })
  const posted = await lake.app.request('/', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  expect(await posted.text()).toBe('n\r\n120\r\n')

  for (const [search, words] of [
    ['', 'sql'],
    [`sql=${sql}&format=xml`, 'format'],
    [`sql=${sql}&version=-1`, 'version'],
    [`sql=${sql}&limit=5`, 'limit'],
    [`sql=${sql}&version=1`, 'reads 0'],
  ] as const)
    expect(await answerOf(get(search))).toMatchObject({ status: 400, code: 'ERR_REQUEST', detail: expect.stringContaining(words) })
  expect(await answerOf(lake.ask(`SELECT '${'x'.repeat(70_000)}'`))).toMatchObject({ code: 'ERR_TOO_LARGE' })
})

test('an answer is cut at its most rows or bytes, and says so', SLOW, async () => {
  const rows = await small.ask('SELECT stream_seq FROM ticks ORDER BY stream_seq')
  expect(rows.headers.get('x-lake-truncated')).toBe('rows')
  expect(await answerOf(rows)).toMatchObject({ row_count: 10, truncated: 'rows' })

  const bytes = await small.ask("SELECT repeat('x', 900) AS x FROM range(10)", '?format=csv')
  expect([bytes.headers.get('x-lake-truncated'), bytes.headers.get('x-lake-rows')]).toEqual(['bytes', '2'])
  expect((await bytes.text()).length).toBeLessThan(2000)

  expect(await answerOf(small.ask("SELECT repeat('x', 5000)"))).toMatchObject({ status: 422, code: 'ERR_LIMIT' })
})

test('beyond what runs at once a query is refused for a moment', SLOW, async () => {
  const both = await Promise.all([small.ask('SELECT 1'), small.ask('SELECT 1')])
  const refused = both.find(({ status }) => status === 429)!
  expect(both.map(({ status }) => status).sort()).toEqual([200, 429])
  expect([refused.headers.get('retry-after'), (await answerOf(refused)).code]).toEqual(['1', 'ERR_BUSY'])
  expect((await small.ask('SELECT 1')).status).toBe(200)
})

test('columns that came later are null in older files; dates, lists and null partitions read back', SLOW, async () => {
  await appendNumbers(numbersTable(store), { numbers: [1, 2] })
  const wider = numbersTable(store, { columns: [...NUMBERS, { name: 'price', type: 'double', nullable: true }] })
  await appendNumbers(wider, { numbers: [3], day: "it's 100% *new* [a]" })

  const { rows } = await answerOf(lake.ask('SELECT n, price, day FROM numbers ORDER BY n'))
  expect(rows).toEqual([
    ['1', null, '2026-11-21'],
    ['2', null, '2026-11-21'],
    ['3', null, "it's 100% *new* [a]"],
  ])
  expect((await answerOf(lake.ask('DESCRIBE numbers'))).rows.map(([name, type]) => `${name} ${type}`)).toEqual([
    'n BIGINT',
    'name VARCHAR',
    'day VARCHAR',
    'price DOUBLE',
  ])
  expect(await answerOf(lake.ask('FROM numbers, ticks', '?version=0'))).toMatchObject({
    code: 'ERR_REQUEST',
    detail: expect.stringContaining('numbers, ticks'),
  })
  expect(await answerOf(lake.ask('FROM nowhere'))).toMatchObject({ status: 400, code: 'ERR_SQL', detail: 'the lake has no table nowhere' })
})

test('a file that is gone, and more files than there is room for, are said so', SLOW, async () => {
  const holed = memoryObjectStore()
  await landTrades(holed, 'lake/ticks', [[1, 10]])
  const tight = await lakeQueryOn(holed, { cacheBytes: 100 })
  const roomy = await lakeQueryOn(holed)
  try {
    expect(await answerOf(tight.ask('SELECT count(*) FROM ticks'))).toMatchObject({
      status: 422,
      code: 'ERR_LIMIT',
      detail: expect.stringContaining('narrow'),
    })
    for (const key of holed.objects.keys()) if (key.endsWith('.parquet')) holed.objects.delete(key)
    expect(await answerOf(roomy.ask('SELECT count(*) FROM ticks'))).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' })
  } finally {
    await tight.close()
    await roomy.close()
  }
})

test('files stay on the disk as long as there is room, those used last the longest, and those in use always', async () => {
  const objects = memoryObjectStore()
  for (const key of ['a', 'b', 'c', 'd']) await objects.put(key, new Uint8Array(10).fill(key.charCodeAt(0)))
  const dead = join(lake.folder, 'cache-test', '4194305')
  await mkdir(dead, { recursive: true })
  await writeFile(join(dead, 'left'), 'x')
  const cache = new FileCache({ store: objects, parent: join(lake.folder, 'cache-test'), mostBytes: 25 })
  expect(existsSync(dead), 'what a process left that is gone').toBe(false)
  const take = (...keys: string[]) => cache.take(keys.map((key) => ({ key, sizeBytes: 10, path: key })))

  const first = await take('a', 'b')
  await expect(take('c')).rejects.toMatchObject({ code: 'ERR_LIMIT' })
  first.release()
  const again = await take('a')
  again.release()
  const third = await take('c')
  expect(existsSync(first.paths[1]!), 'b, used longest ago').toBe(false)
  expect(existsSync(first.paths[0]!), 'a').toBe(true)
  third.release()
  await Promise.all([take('a'), take('a')])
  expect(cache.fetchedBytes).toBe(30)
  await expect(take('never')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  cache.close()
  expect(await readdir(join(lake.folder, 'cache-test'))).toEqual([])
})
