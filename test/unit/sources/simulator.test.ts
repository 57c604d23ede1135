import { expect, test } from 'vitest'
import { simulate } from '../../../triggers/sources/simulator.ts'

const NOON = Date.UTC(2026, 2, 4, 14)
const HOUR = 3_600_000
type Sim = Parameters<typeof simulate>[0]
const span = (over: Partial<Sim> = {}): Sim => ({ seed: 7, symbols: ['BTCUSDT', 'XYZ'], fromMs: NOON, toMs: NOON + HOUR / 3, ...over })
const lines = (simulation: Sim) => [...simulate(simulation)].flat().map(({ line }) => line)
const ticks = (simulation: Sim) => lines(simulation).map((line) => JSON.parse(line))

test('the same seed gives the same ticks for the same times, wherever the simulation begins', () => {
  const whole = lines(span())
  const from = NOON + 634_567

  expect(lines(span())).toEqual(whole)
  expect(lines(span({ fromMs: from }))).toEqual(whole.filter((line) => JSON.parse(line).timestamp >= from))
  expect(lines(span({ symbols: ['XYZ'] }))).toEqual(whole.filter((line) => line.includes('"XYZ"')))
  expect(lines(span({ seed: 8 }))).not.toEqual(whole)
})

test('ticks are in time order, and the trade ids of a symbol increase', () => {
  const all = ticks(span())
  const ids = all.filter(({ symbol, trade_id }) => symbol === 'XYZ' && trade_id !== undefined).map(({ trade_id }) => trade_id)

  expect(all.map(({ timestamp }) => timestamp)).toEqual(all.map(({ timestamp }) => timestamp).sort((a, b) => a - b))
  expect(ids).toEqual([...new Set<number>(ids)].sort((a, b) => a - b))
  expect(ids.every((id) => Number.isSafeInteger(id) && String(id).length <= 15)).toBe(true)
})

test('prices are positive and on the tick, trades happen at or beyond the quote, and a spread is never 0', () => {
  let quote = { bid: 0, ask: 0 }
  for (const line of lines(span({ symbols: ['BTCUSDT'] }))) {
    const tick = JSON.parse(line)
    if ('qty' in tick) {
      expect(line).toMatch(/"price":\d+\.\d,"qty":\d+\.\d{5},/)
      expect(tick.qty).toBeGreaterThan(0)
      if (tick.side === 'buy') expect(tick.price).toBeGreaterThanOrEqual(quote.ask)
      else expect(tick.price).toBeLessThanOrEqual(quote.bid)
    } else {
      expect(tick.bid).toBeGreaterThan(0)
      expect(tick.ask).toBeGreaterThan(tick.bid)
      expect(Object.keys(tick)).not.toEqual(expect.arrayContaining(['qty', 'size', 'last', 'price']))
      quote = tick
    }
  }
})

test('trades cluster, buys follow buys, sizes have a heavy tail, and prices bounce between bid and ask', () => {
  const trades = ticks(span({ symbols: ['BTCUSDT'], toMs: NOON + 4 * HOUR })).filter(({ qty }) => qty)
  const counts = new Map<number, number>()
  for (const { timestamp } of trades) counts.set(Math.floor(timestamp / 1000), (counts.get(Math.floor(timestamp / 1000)) ?? 0) + 1)
  const seconds = (4 * HOUR) / 1000
  const mean = trades.length / seconds
  let squares = (seconds - counts.size) * mean ** 2
  for (const count of counts.values()) squares += (count - mean) ** 2
  const pairs = trades.slice(1).map((trade, i) => [trades[i], trade])
  const moves = pairs.map(([a, b]) => b.price - a.price)
  const sizes = trades.map(({ qty }) => qty).sort((a, b) => a - b)

  expect(trades.length / seconds).toBeGreaterThan(1)
  // A Poisson process has 1.
  expect(squares / seconds / mean).toBeGreaterThan(2)
  expect(pairs.filter(([a, b]) => a.side === b.side).length / pairs.length).toBeGreaterThan(0.55)
  expect(sizes.at(-1)! / sizes[Math.floor(sizes.length / 2)]!).toBeGreaterThan(30)
  expect(moves.slice(1).reduce((sum, move, i) => sum + move * moves[i]!, 0)).toBeLessThan(0)
})
