import { expect, test } from 'vitest'
import { intervalNames } from '../../shared/contract/bar.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { BarTable } from '../../shared/ports/bar-table.ts'
import { bar, MINUTE_MS } from '../support/bar.ts'

type BarTableSubject = {
  readonly table: BarTable
  /** Waits until all that was written can be read. */
  settled(): Promise<void>
}

const MINUTE = 60_000
let symbols = 0
const newSymbol = () => `S${++symbols}`

/** What every bar table must do. Each case has a symbol of its own, so they may share a server. */
export function barTableCases(subject: () => BarTableSubject): void {
  const write = async (...bars: Parameters<BarTable['write']>[0]) => {
    await subject().table.write(bars)
    await subject().settled()
  }
  const read = (symbol: string, more: Partial<Parameters<BarTable['read']>[0]> = {}) =>
    subject().table.read({ symbol, interval: '1m', limit: 100, end: 'newest', ...more })

  test('a bar comes back as it was written, in every interval', async () => {
    const symbol = newSymbol()
    const bars = intervalNames.map((interval) => bar({ symbol, interval, timestamp: 1_697_241_600_000 }))
    await write(...bars)
    for (const written of bars) expect(await read(symbol, { interval: written.interval })).toEqual({ bars: [written], more: false })
  })

  test('every float, the largest integers, nulls and odd texts survive', async () => {
    const symbol = `${newSymbol()} O'Br,ien="\\ü\n€`
    const odd = bar({
      symbol,
      exchange: "x'y z",
      open: 0.1 + 0.2,
      high: 1.7976931348623157e308,
      low: 5e-324,
      close: 1 / 3,
      quote_volume: 123_456_789_012_345_680,
      trades: Number.MAX_SAFE_INTEGER,
      vwap: null,
      first_id: null,
      last_id: 'é"\\\n\u0001',
      rev: 2 ** 40,
      version: versionOf(8191, 2 ** 40 - 1),
    })
    await write(odd)
    expect((await read(symbol)).bars).toEqual([odd])
  })

  test('an older version written after a newer one never shows', async () => {
    const symbol = newSymbol()
    await write(bar({ symbol, close: 2, version: versionOf(1, 9) }))
    await write(bar({ symbol, close: 1, version: versionOf(1, 8) }))
    expect((await read(symbol)).bars).toMatchObject([{ close: 2, version: versionOf(1, 9) }])
    await write(bar({ symbol, close: 3, last_id: null, vwap: null, version: versionOf(2, 1) }))
    expect((await read(symbol)).bars).toMatchObject([{ close: 3, last_id: null, vwap: null, version: versionOf(2, 1) }])
  })

  test('writing the same rows again changes nothing', async () => {
    const symbol = newSymbol()
    const bars = [bar({ symbol }), bar({ symbol, timestamp: MINUTE_MS + MINUTE })]
    await write(...bars, ...bars)
    await write(...bars)
    expect((await read(symbol)).bars).toEqual(bars)
  })

  test('a page holds the first or the last bars of a span, ascending, and says whether there are more', async () => {
    const symbol = newSymbol()
    const bars = Array.from({ length: 9 }, (_, i) => bar({ symbol, timestamp: MINUTE_MS + i * MINUTE, version: versionOf(1, i) }))
    // Many versions of one bar must not push others off the page.
    const corrected = Array.from({ length: 40 }, (_, i) =>
      bar({ symbol, timestamp: MINUTE_MS + 5 * MINUTE, version: versionOf(1, 100 + i) }),
    )
    bars[5] = corrected.at(-1)!
    await write(...bars, ...corrected)
    const span = { fromMs: MINUTE_MS + MINUTE, toMs: MINUTE_MS + 8 * MINUTE }
    expect(await read(symbol, { ...span, limit: 3, end: 'oldest' })).toEqual({ bars: bars.slice(1, 4), more: true })
    expect(await read(symbol, { ...span, limit: 3, end: 'newest' })).toEqual({ bars: bars.slice(5, 8), more: true })
    expect(await read(symbol, { ...span, limit: 7 })).toEqual({ bars: bars.slice(1, 8), more: false })
    expect(await read(symbol, { limit: 9 })).toEqual({ bars, more: false })
    expect(await read(symbol, { fromMs: MINUTE_MS + 9 * MINUTE })).toEqual({ bars: [], more: false })
  })

  test('exchanges do not mix, and a page never splits the bars of one start', async () => {
    const symbol = newSymbol()
    const bars = [0, 1, 2].flatMap((i) => ['a', 'b'].map((exchange) => bar({ symbol, exchange, timestamp: MINUTE_MS + i * MINUTE })))
    await write(...bars)
    expect(await read(symbol, { exchange: 'b' })).toEqual({ bars: bars.filter(({ exchange }) => exchange === 'b'), more: false })
    expect(await read(symbol, { limit: 3 })).toEqual({ bars: bars.slice(4), more: true })
    expect(await read(symbol, { limit: 1, end: 'oldest' })).toEqual({ bars: bars.slice(0, 2), more: true })
    expect((await read(symbol, { exchange: 'c' })).bars).toEqual([])
  })

  test('a symbol is known once a bar of it is stored in that interval', async () => {
    const symbol = newSymbol()
    await write(bar({ symbol }))
    expect(await subject().table.knows(symbol, '1m')).toBe(true)
    expect(await subject().table.knows(symbol, '1h')).toBe(false)
    expect(await subject().table.knows(`${symbol}x`, '1m')).toBe(false)
  })

  test.each([
    "' OR 1=1 --",
    "x'; DROP TABLE ohlcv_1m_versions; --",
    "\\' OR ''='",
    "''",
    '"; SELECT 1',
    '%27 OR 1=1',
    '\u2019 OR 1=1',
    '\n--',
  ])('a query cannot be broken out of: %j', async (text) => {
    const symbol = newSymbol()
    await write(bar({ symbol }))
    expect((await read(text)).bars).not.toContainEqual(expect.objectContaining({ symbol }))
    expect(await read(symbol, { exchange: text })).toEqual({ bars: [], more: false })
    expect(await subject().table.knows(`${text}${symbol}`, '1m')).toBe(false)
    await write(bar({ symbol: text, exchange: symbol }))
    expect((await read(text, { exchange: symbol })).bars).toEqual([bar({ symbol: text, exchange: symbol })])
    expect((await read(symbol)).bars).toHaveLength(1)
  })
}
