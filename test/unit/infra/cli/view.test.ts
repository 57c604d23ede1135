import { expect, test } from 'vitest'
import { table } from '../../../../infra/cli/table.ts'
import { Market } from '../../../../infra/cli/view/market.ts'
import { priceOf, render } from '../../../../infra/cli/view/render.ts'
import { bar } from '../../../support/bar.ts'

const MINUTE = 60_000
const pulse = {
  rate: 1234,
  lag: 0,
  unsaved: 2,
  processes: [{ name: 'nats', state: 'running' as const, restarts: 1 }],
  events: ['news'],
}

test('a row shows the newest minute, whatever the order of the messages', () => {
  const market = new Market()
  market.take(bar({ timestamp: 2 * MINUTE, close: 7, version: 30, closed: false }))
  market.take(bar({ timestamp: MINUTE, close: 5, version: 20, closed: true }))
  market.take(bar({ timestamp: 2 * MINUTE, close: 6, version: 25, closed: false }))

  expect(market.rows()).toMatchObject([{ newest: { timestamp: 2 * MINUTE, close: 7 }, closes: [5] }])
  expect(market.closed['1m']).toBe(1)
})

test('a corrected bar replaces its close and is counted apart', () => {
  const market = new Market()
  market.take(bar({ timestamp: MINUTE, close: 5, version: 20, rev: 0, closed: true }))
  market.take(bar({ timestamp: MINUTE, close: 8, version: 40, rev: 1, closed: true }))

  expect(market.rows()[0]?.closes).toEqual([8])
  expect([market.closed['1m'], market.corrected]).toEqual([1, 1])
})

test('a simulated market is labelled plainly', () => {
  const market = new Market()
  market.take(bar({ exchange: 'sim' }))

  expect(render(market, pulse, 30)[0]).toBe(
    'trade2026  ·  1,234 ticks/s  ·  lag 0 ticks, 2 bars to save  ·  exchange "sim" is a SIMULATED market, not real prices',
  )
})

test('a picture is never taller than the terminal', () => {
  const market = new Market()
  for (let i = 0; i < 50; i++) market.take(bar({ symbol: `S${i}` }))

  const lines = render(market, pulse, 24)

  expect(lines.length).toBeLessThanOrEqual(24)
  expect(lines).toContain('● nats (restarted 1×)')
})

test.each([
  [45123.456, '45123.46'],
  [2.71812345, '2.71812'],
  [0.00001234, '0.0000123400'],
])('a price of %d is shown as %s', (price, shown) => {
  expect(priceOf(price)).toBe(shown)
})

test('a column of numbers stands to the right', () => {
  expect(
    table(
      ['name', 'n'],
      [
        ['a', '1'],
        ['bcdef', '200 ms'],
      ],
    ),
  ).toEqual([
    '┌───────┬────────┐',
    '│ name  │      n │',
    '├───────┼────────┤',
    '│ a     │      1 │',
    '│ bcdef │ 200 ms │',
    '└───────┴────────┘',
  ])
})
