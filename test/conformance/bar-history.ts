import { expect, test } from 'vitest'
import type { Bar } from '../../shared/contract/bar.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { BarHistory } from '../../shared/ports/bar-history.ts'
import { bar, MINUTE_MS } from '../support/bar.ts'

type BarHistorySubject = {
  readonly history: BarHistory
  /** Stores bars, as persist-bars does. */
  write(bars: readonly Bar[]): Promise<void>
}

const MINUTE = 60_000
let symbols = 0
const newSymbol = () => `H${++symbols} O'Brien`
const v = (sequence: number) => versionOf(1, sequence)
/** A minute's row: `at` minutes after the first. */
const row = (symbol: string, at: number, sequence: number, fields: Partial<Bar> = {}) => {
  const timestamp = MINUTE_MS + at * MINUTE
  return bar({ symbol, timestamp, last_ms: timestamp + 59_000, version: v(sequence), ...fields })
}

/** What every history of bars must do. Each case has a symbol of its own, so they may share a server. */
export function barHistoryCases(subject: () => BarHistorySubject): void {
  const traceOf = async (name: string, after: number) => {
    const traces = await subject().history.traces(v(after))
    return traces.find(({ symbol }) => symbol === name)
  }

  test('a trace tells what the 1m rows show on both sides of a version, written a moment ago or not', async () => {
    const symbol = newSymbol()
    await subject().write([
      row(symbol, 0, 10),
      row(symbol, 1, 20),
      row(symbol, 1, 25, { rev: 1, last_ms: MINUTE_MS + MINUTE + 59_500 }),
      row(symbol, 0, 35, { rev: 2 }),
      row(symbol, 2, 40),
      row(symbol, 3, 60),
      row(symbol, 0, 90, { interval: '1h' }),
    ])
    const common = { symbol, exchange: 'binance', version: v(60), newestMs: MINUTE_MS + 3 * MINUTE }
    const second = MINUTE_MS + MINUTE + 59_500
    expect(await traceOf(symbol, 30)).toEqual({ ...common, seenMs: second, aheadMs: MINUTE_MS, openMs: MINUTE_MS + 2 * MINUTE })
    expect(await traceOf(symbol, 5)).toEqual({ ...common, seenMs: null, aheadMs: MINUTE_MS, openMs: MINUTE_MS })
    expect(await traceOf(symbol, 60)).toEqual({ ...common, seenMs: MINUTE_MS + 3 * MINUTE + 59_000, aheadMs: null, openMs: null })
  })

  test('each exchange of a symbol has a trace of its own', async () => {
    const symbol = newSymbol()
    await subject().write([row(symbol, 0, 1), row(symbol, 1, 2, { exchange: 'kraken' })])
    const traces = (await subject().history.traces(v(1))).filter((trace) => trace.symbol === symbol)
    expect(traces.map(({ exchange, version }) => [exchange, version]).sort()).toEqual([
      ['binance', v(1)],
      ['kraken', v(2)],
    ])
  })

  test('rows of a span are those of its starts, of every interval and version, as they were written', async () => {
    const symbol = newSymbol()
    const inside = [
      row(symbol, 0, 1, { first_id: null, last_id: 'd-17', vwap: null }),
      row(symbol, 0, 3, { rev: 1 }),
      row(symbol, 1, 2),
      row(symbol, 0, 5, { interval: '5m' }),
      row(symbol, 0, 6, { interval: '1h' }),
    ]
    await subject().write([...inside, row(symbol, 2, 9), row(symbol, -1, 1), row(symbol, 1, 2, { exchange: 'kraken' })])
    await traceOf(symbol, 0)
    const span = { symbol, exchange: 'binance', fromMs: MINUTE_MS, toMs: MINUTE_MS + 2 * MINUTE }
    const rows = await subject().history.rows(span)
    const sorted = (bars: readonly Bar[]) => [...bars].sort((a, b) => a.version - b.version)
    expect(sorted(rows)).toEqual(sorted(inside))
  })
}
