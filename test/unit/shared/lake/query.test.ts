import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { Add } from '../../../../shared/delta/action.ts'
import { mayHold, type Types } from '../../../../shared/lake/query/prune.ts'
import { readingsOf } from '../../../../shared/lake/query/syntax.ts'

let duckdb: Awaited<ReturnType<Awaited<ReturnType<typeof DuckDBInstance.create>>['connect']>>
beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  await duckdb.run("SET TimeZone = 'UTC'")
})

async function parsed(sql: string): Promise<unknown> {
  const result = await duckdb.runAndReadAll('SELECT json_serialize_sql(?::VARCHAR)', [sql])
  return JSON.parse(String(result.getRows()[0]![0]))
}
const readings = async (sql: string) => readingsOf(await parsed(sql))
const tables = async (sql: string) => (await readings(sql)).map(({ table }) => table)

test('the tables that a statement reads are found wherever they stand, and names of WITH are none', async () => {
  expect(await tables('SELECT 1')).toEqual([])
  expect(await tables('FROM Ticks')).toEqual(['ticks'])
  expect(
    await tables(
      'SELECT (SELECT max(price) FROM a), EXISTS (FROM b) FROM c JOIN d USING (x), (SELECT * FROM e) ORDER BY (SELECT 1 FROM f)',
    ),
  ).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'e', 'f']))
  expect(await tables('WITH x AS (FROM ticks), y AS (FROM x) FROM y UNION ALL FROM z')).toEqual(['ticks', 'z'])
  // The first is the table, the second is what was just named.
  expect(await tables('WITH ticks AS (SELECT * FROM ticks) FROM ticks')).toEqual(['ticks'])
  expect(await tables('WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, ticks) FROM r')).toEqual(['ticks'])
  expect(await tables('DESCRIBE ticks')).toEqual(['ticks'])
  expect(await tables('SUMMARIZE ticks')).toEqual(['ticks'])
  expect(await tables('FROM range(3) r, generate_series(1, 2), unnest([1])')).toEqual([])
})

test.each([
  ['SELEC 1', 'ERR_SQL', 'syntax error'],
  ['', 'ERR_FORBIDDEN', 'not 0'],
  ['SELECT 1; SELECT 2', 'ERR_FORBIDDEN', 'one statement'],
  ['SELECT 1; DROP VIEW ticks', 'ERR_FORBIDDEN', 'only a SELECT'],
  ['WITH x AS (INSERT INTO ticks VALUES (1) RETURNING *) FROM x', 'ERR_SQL', 'CTE'],
  ['FROM ticks AT (VERSION => 1)', 'ERR_REQUEST', 'version'],
  ["SELECT * FROM '/etc/passwd'", 'ERR_FORBIDDEN', 'no table of the lake'],
  ['FROM information_schema.tables', 'ERR_FORBIDDEN', 'no schema'],
  ["SELECT current_setting('allowed_paths')", 'ERR_FORBIDDEN', 'not called'],
  ['SHOW TABLES', 'ERR_FORBIDDEN', 'DESCRIBE'],
])('%s is refused as %s', async (sql, code, words) => {
  await expect(readings(sql)).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
})

type File = { readonly dt: string | null; readonly rows: readonly { readonly symbol: string | null; readonly timestamp: string | null }[] }

const TYPES: Types = new Map([
  ['dt', { name: 'dt', type: 'string' }],
  ['symbol', { name: 'symbol', type: 'string' }],
  ['timestamp', { name: 'timestamp', type: 'timestamp' }],
])

function addOf({ dt, rows }: File): Add {
  const spanOf = (values: (string | null)[]) => {
    const known = values.filter((value) => value !== null).sort()
    return { min: known[0], max: known.at(-1), nulls: values.length - known.length }
  }
  const symbol = spanOf(rows.map((row) => row.symbol))
  const timestamp = spanOf(rows.map((row) => row.timestamp))
  const stats = {
    numRecords: rows.length,
    minValues: { symbol: symbol.min, timestamp: timestamp.min?.replace(/\d{3}Z$/, 'Z') },
    maxValues: { symbol: symbol.max, timestamp: timestamp.max?.replace(/\d{3}Z$/, 'Z') },
    nullCount: { symbol: symbol.nulls, timestamp: timestamp.nulls },
  }
  return { path: 'x', partitionValues: { dt }, size: 1, modificationTime: 0, dataChange: true, stats: JSON.stringify(stats) }
}

const DAYS = ['2026-11-20', '2026-11-21', '2026-11-22']
const SYMBOLS = ['AAPL', 'BRK.B', 'B', 'é']
const times = fc.tuple(fc.constantFrom(...DAYS), fc.integer({ min: 0, max: 23 }), fc.constantFrom('000000', '000001', '500500', '999999'))
const instant = times.map(([day, hour, micros]) => `${day}T${String(hour).padStart(2, '0')}:59:59.${micros}Z`)
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 8 })
const file: fc.Arbitrary<File> = fc.record({
  dt: orNull(fc.constantFrom(...DAYS)),
  rows: fc.array(fc.record({ symbol: orNull(fc.constantFrom(...SYMBOLS)), timestamp: orNull(instant) }), { minLength: 1, maxLength: 4 }),
})

const operator = fc.constantFrom('=', '<', '<=', '>', '>=', '<>')
const constants: readonly (readonly [string, fc.Arbitrary<string>])[] = [
  ['dt', fc.constantFrom(...DAYS.flatMap((day) => [`'${day}'`, `DATE '${day}'`]), "'2026'")],
  ['symbol', fc.constantFrom(...SYMBOLS.map((symbol) => `'${symbol}'`), "''")],
  [
    'timestamp',
    fc.oneof(
      instant.map((iso) => `'${iso}'`),
      instant.map((iso) => `TIMESTAMP '${iso.slice(0, -1)}'`),
      instant.map((iso) => `'${iso}'::TIMESTAMPTZ`),
      fc.constantFrom(...DAYS).map((day) => `DATE '${day}'`),
    ),
  ],
]
const leaf = fc.oneof(
  ...constants.flatMap(([column, constant]) => [
    fc.tuple(operator, constant).map(([sign, text]) => `${column} ${sign} ${text}`),
    fc.tuple(constant, operator).map(([text, sign]) => `${text} ${sign} t.${column}`),
    fc.tuple(constant, constant).map(([a, b]) => `${column} BETWEEN ${a} AND ${b}`),
    fc.array(constant, { minLength: 1, maxLength: 3 }).map((texts) => `${column} IN (${texts.join(', ')})`),
    fc.constant(`${column} IS NULL`),
  ]),
  fc.constant('length(symbol) = 4'),
)
const { where } = fc.letrec<{ where: string }>((tie) => ({
  where: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.tuple(tie('where'), fc.constantFrom('AND', 'OR'), tie('where')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    tie('where').map((inner) => `NOT (${inner})`),
  ),
}))

test('a file with a row that a statement is after is never left out', async () => {
  let left = 0
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 6 }), where, async (files, condition) => {
      const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`)
      const values = files.flatMap(({ dt, rows }, i) =>
        rows.map((row) => `(${i}, ${text(dt)}, ${text(row.symbol)}, ${text(row.timestamp)}::TIMESTAMPTZ)`),
      )
      const of = `(VALUES ${values.join(', ')}) AS t (file, dt, symbol, timestamp)`
      const result = await duckdb.runAndReadAll(`SELECT DISTINCT file FROM ${of} WHERE ${condition}`).catch((error: Error) => error)
      // Texts and dates in one list are no statement, or compared as dates.
      fc.pre(!(result instanceof Error && /^(Binder|Conversion) Error/.test(result.message)))
      if (result instanceof Error) throw result
      const held = result.getRows().map(([i]) => Number(i))

      const [reading] = await readings(`SELECT * FROM ticks t WHERE ${condition}`)
      const kept = files.flatMap((one, i) => (mayHold(addOf(one), reading!.where, TYPES) ? [i] : []))

      left += files.length - kept.length
      expect(kept).toEqual(expect.arrayContaining(held))
    }),
    { numRuns: 200 },
  )
  expect(left, 'files left out in all').toBeGreaterThan(50)
})

const kept = async (sql: string, ...days: string[]) => {
  const found = await readings(sql)
  return days.filter((dt) =>
    found.some(({ where }) => mayHold(addOf({ dt, rows: [{ symbol: 'B', timestamp: `${dt}T12:00:00.000000Z` }] }), where, TYPES)),
  )
}

test('files of other days, symbols and times are left out', async () => {
  for (const condition of [
    "dt = '2026-11-21'",
    "dt IN ('2026-11-21', '2025-01-01') AND price > 5",
    "dt > '2026-11-20' AND dt < '2026-11-22' OR symbol = 'A'",
    "dt = DATE '2026-11-21'",
    "timestamp >= '2026-11-21' AND timestamp < '2026-11-22 00:00'",
    "timestamp BETWEEN TIMESTAMP '2026-11-21 11:00' AND '2026-11-21T13:00:00Z'::TIMESTAMPTZ",
  ])
    expect(await kept(`SELECT count(*) FROM ticks WHERE ${condition}`, ...DAYS), condition).toEqual(
      condition.includes(' > ') && !condition.includes('price') ? DAYS : ['2026-11-21'],
    )
  expect(await kept("FROM ticks a JOIN ticks b USING (trade_id) WHERE a.dt = '2026-11-20' AND b.dt = '2026-11-21'", ...DAYS)).toEqual(
    DAYS.slice(0, 2),
  )
  expect(await kept("FROM ticks a LEFT JOIN ticks b USING (trade_id) WHERE a.dt = '2026-11-20' AND b.dt = '2026-11-20'", ...DAYS)).toEqual([
    DAYS[0],
  ])
})

test.each([
  "FROM ticks a ASOF JOIN ticks b ON a.timestamp >= b.timestamp WHERE a.dt = '2026-11-21' AND b.dt = '2026-11-21'",
  "FROM ticks a POSITIONAL JOIN ticks b WHERE a.dt = '2026-11-21' AND b.dt = '2026-11-21'",
  "FROM ticks a ANTI JOIN ticks b USING (trade_id) WHERE a.dt = '2026-11-21'",
  "FROM ticks TABLESAMPLE 10% WHERE dt = '2026-11-21'",
  "FROM ticks AS t(a, dt) WHERE dt = '2026-11-21'",
  "FROM (SELECT * FROM ticks) WHERE dt = '2026-11-21'",
  "FROM ticks a, ticks b WHERE dt = '2026-11-21'",
  "FROM ticks WHERE dt <> '2026-11-21'",
  "FROM ticks WHERE NOT dt = '2026-11-21'",
  "FROM ticks WHERE dt = '2026-11-21' OR price > 5",
  "FROM ticks WHERE TRY_CAST('2026-11-21' AS DATE) = dt",
])('all files are read where what can be left out is not certain: %s', async (sql) => {
  expect(await kept(sql, ...DAYS)).toEqual(DAYS)
})
