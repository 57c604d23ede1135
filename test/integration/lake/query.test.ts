import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../shared/adapters/duckdb/run.ts'
import { answerOf, type LakeQuery, lakeQueryOn, landTrades } from '../../support/lake-query.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'

let s3: TestS3
let lake: LakeQuery
let hurried: LakeQuery
let outside: string
beforeAll(async () => {
  s3 = await startS3()
  const { store } = s3
  await landTrades(store, 'lake/ticks', [
    [1, 120],
    [121, 300],
  ])
  await landTrades(store, 'lake/other', [[1, 5]])
  lake = await lakeQueryOn(store)
  hurried = await lakeQueryOn(store, { mostMs: 2_000 })
  outside = await mkdtemp(join(tmpdir(), 'trade2026-outside-'))
  await writeFile(join(outside, 'secret.csv'), 'secret\n42\n')
}, 240_000)
afterAll(async () => {
  await lake?.close()
  await hurried?.close()
  await s3?.stop()
  await rm(outside, { recursive: true, force: true })
})

test('ticks on the real store are fetched once and read again from the disk; another table is there by its name', async () => {
  const sql = 'SELECT count(*), sum(stream_seq), min(price), max(price) FROM ticks'
  const first = await answerOf(lake.ask(sql))
  const fetched = lake.cache.fetchedBytes
  const again = await answerOf(lake.ask(sql))

  expect([first.rows, again.rows]).toEqual([[['300', '45150', 100.125, 137.5]], [['300', '45150', 100.125, 137.5]]])
  expect(fetched).toBeGreaterThan(1000)
  expect(lake.cache.fetchedBytes).toBe(fetched)
  expect(await answerOf(lake.ask('SELECT count(*) FROM other JOIN ticks USING (stream_seq)'))).toMatchObject({ rows: [['5']] })
})

/** What is asked for, in place of files that a statement may not see. */
const attacks = (folder: string, cache: string): readonly (readonly [string, string])[] => [
  ["SELECT * FROM read_csv('/etc/passwd')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM read_text('/etc/passwd')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM read_blob('/proc/self/environ')", 'ERR_FORBIDDEN'],
  [`SELECT * FROM '${folder}/secret.csv'`, 'ERR_FORBIDDEN'],
  [`SELECT * FROM "${folder}/secret.csv"`, 'ERR_FORBIDDEN'],
  [`SELECT * FROM glob('${cache}/**')`, 'ERR_FORBIDDEN'],
  [`SELECT * FROM read_parquet('${cache}/**/*.parquet')`, 'ERR_FORBIDDEN'],
  [`SELECT * FROM parquet_metadata('${cache}/**/*.parquet')`, 'ERR_FORBIDDEN'],
  ["SELECT * FROM sniff_csv('/etc/passwd')", 'ERR_FORBIDDEN'],
  [`COPY ticks TO '${folder}/out.csv'`, 'ERR_FORBIDDEN'],
  [`COPY (SELECT 1) TO '${folder}/out.parquet' (FORMAT parquet)`, 'ERR_FORBIDDEN'],
  [`EXPORT DATABASE '${folder}'`, 'ERR_FORBIDDEN'],
  [`IMPORT DATABASE '${folder}'`, 'ERR_FORBIDDEN'],
  [`ATTACH '${folder}/a.db'`, 'ERR_FORBIDDEN'],
  ["ATTACH ':memory:' AS b", 'ERR_FORBIDDEN'],
  ['INSTALL httpfs', 'ERR_FORBIDDEN'],
  ['LOAD httpfs', 'ERR_FORBIDDEN'],
  ["LOAD '/tmp/x.duckdb_extension'", 'ERR_FORBIDDEN'],
  ['SET enable_external_access = true', 'ERR_FORBIDDEN'],
  ["SET memory_limit = '100GB'", 'ERR_FORBIDDEN'],
  ['RESET lock_configuration', 'ERR_FORBIDDEN'],
  ['PRAGMA database_list', 'ERR_FORBIDDEN'],
  ['CALL duckdb_settings()', 'ERR_FORBIDDEN'],
  ['SELECT * FROM duckdb_settings()', 'ERR_FORBIDDEN'],
  ['SELECT * FROM duckdb_secrets()', 'ERR_FORBIDDEN'],
  ['SELECT * FROM duckdb_views()', 'ERR_FORBIDDEN'],
  ['SELECT * FROM information_schema.tables', 'ERR_FORBIDDEN'],
  ['SELECT * FROM memory.main.ticks', 'ERR_FORBIDDEN'],
  ["SELECT current_setting('allowed_paths')", 'ERR_FORBIDDEN'],
  ["SELECT getenv('HOME')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM 'http://127.0.0.1:8333/trader2026/x.parquet'", 'ERR_FORBIDDEN'],
  ["SELECT * FROM read_parquet('https://example.org/x.parquet')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM read_parquet('s3://other/x.parquet')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM delta_scan('s3://trader2026/lake/ticks')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM query('SELECT 1')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM query_table('ticks')", 'ERR_FORBIDDEN'],
  ["SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", 'ERR_FORBIDDEN'],
  ['SELECT 1; SELECT 2', 'ERR_FORBIDDEN'],
  ['SELECT 1; DROP VIEW ticks', 'ERR_FORBIDDEN'],
  ['CREATE TABLE x AS SELECT 1', 'ERR_FORBIDDEN'],
  ['DROP VIEW ticks', 'ERR_FORBIDDEN'],
  ['INSERT INTO ticks SELECT * FROM ticks', 'ERR_FORBIDDEN'],
  ['DELETE FROM ticks', 'ERR_FORBIDDEN'],
  ['CREATE SECRET (TYPE s3)', 'ERR_FORBIDDEN'],
  ['PREPARE x AS SELECT 1', 'ERR_FORBIDDEN'],
  ['WITH x AS (DELETE FROM ticks RETURNING *) SELECT * FROM x', 'ERR_SQL'],
  ['WITH x AS (INSERT INTO ticks VALUES (1) RETURNING *) SELECT * FROM x', 'ERR_SQL'],
  ['SELECT * FROM ticks WHERE price = ?', 'ERR_SQL'],
  ['SELECT nothing FROM ticks', 'ERR_SQL'],
  ["SELECT 'x'::INTEGER FROM ticks", 'ERR_SQL'],
  ['SELEC 1', 'ERR_SQL'],
]

test('what is not a read of the lake is refused, and leaves nothing behind', async () => {
  for (const [sql, code] of attacks(outside, lake.folder)) {
    const response = await lake.ask(sql)
    expect([sql, response.status, (await answerOf(response)).code]).toEqual([sql, code === 'ERR_SQL' ? 400 : 403, code])
  }
  expect(await readdir(outside)).toEqual(['secret.csv'])
  expect(await answerOf(lake.ask('SELECT count(*) FROM ticks'))).toMatchObject({ rows: [['300']] })
})

/** Statements that would have to get by the reading of the statement to come so far. */
const REACHING = /passwd|environ|secret\.csv|glob|parquet|http|COPY|EXPORT|ATTACH '|LOAD|INSTALL|SET|delta_scan|DROP/

test('the engine itself is locked as well: what got by the reading of the statement would reach the files of the query and nothing more', async () => {
  const library = await import('@duckdb/node-api')
  const answered: string[] = []
  let tried = 0
  for (const [sql] of attacks(outside, lake.folder).filter(([text]) => REACHING.test(text))) {
    const instance = await library.DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    const query = { sql, tables: [], format: 'csv', mostRows: 10, mostBytes: 1e6 } as const
    await run(library, connection, query, () => {}).then(
      () => answered.push(sql),
      () => {},
    )
    tried++
    connection.closeSync()
    instance.closeSync()
  }
  expect(answered).toEqual([])
  expect(tried).toBeGreaterThan(20)
  expect(await readdir(outside)).toEqual(['secret.csv'])
})

test.each([
  ['time, joining', 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7'],
  ['time, recursing', 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t'],
  ['memory, while planning, where nothing can be interrupted', "SELECT length(repeat('x', 2000000000))"],
  ['memory, a list of 8 GB', 'SELECT list_sum(range(1000000000))'],
  ['memory, sorting', "SELECT range AS a, repeat('y', 1000) AS s FROM range(10000000) ORDER BY s, a DESC"],
  ['memory, aggregating', "SELECT string_agg(range::VARCHAR, ',') FROM range(500000000)"],
])('a statement that needs too much is ended: %s', async (_, sql) => {
  const response = await hurried.ask(sql)
  expect([response.status, (await answerOf(response)).code]).toEqual([422, 'ERR_LIMIT'])
})
