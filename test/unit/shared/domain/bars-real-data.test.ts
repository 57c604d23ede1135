import { describe, expect, test } from 'vitest'
import type { Bar } from '../../../../shared/contract/bar.ts'
import { FoldRunner, nameOf } from '../../../support/fold-runner.ts'
import { type RealTick, realTicks } from '../../../support/real-data.ts'
import type { TickMessage } from '../../../support/tick-batch.ts'

const near = (value: number, expected: string) => Math.abs(value - Number(expected)) <= 1e-9 * Math.max(1, Math.abs(Number(expected)))

/** The bars of recorded ticks, delivered in batches of uneven sizes. */
function barsOf(ticks: Iterable<RealTick>, reloadEvery: number): Map<string, Bar> {
  const runner = new FoldRunner()
  let waiting: TickMessage[] = []
  let seq = 0
  let batches = 0
  for (const tick of ticks) {
    const brokerMs = Number(tick.tsNs.slice(0, -6))
    waiting.push({ seq: ++seq, subject: 'ticks.x.BTCUSDT', text: realTicks.toJson(tick), brokerMs })
    if (waiting.length <= (batches * 7919) % 5_000) continue
    runner.batch(waiting)
    waiting = []
    if (++batches % reloadEvery === 0) runner.reload()
  }
  runner.batch(waiting, { nowMs: Number.MAX_SAFE_INTEGER })
  expect(runner.rejects).toEqual([])
  return runner.greatest()
}

function expectReference(bars: Map<string, Bar>, name: string): void {
  const reference = realTicks.reference(name)
  const wrong = reference.filter((of) => {
    const bar = bars.get(nameOf({ exchange: 'x', symbol: 'BTCUSDT', interval: of('interval'), timestamp: Number(of('ts_open_ms')) } as Bar))
    if (!bar) return true
    const exact =
      bar.open === Number(of('open')) &&
      bar.high === Number(of('high')) &&
      bar.low === Number(of('low')) &&
      bar.close === Number(of('close')) &&
      bar.trades === Number(of('trade_count')) &&
      bar.first_id === of('first_id') &&
      bar.last_id === of('last_id')
    const sums =
      near(bar.volume, of('volume')) &&
      near(bar.quote_volume, of('quote_volume')) &&
      near(bar.buy_volume, of('buy_volume')) &&
      near(bar.sell_volume, of('sell_volume')) &&
      (of('vwap') === '' ? bar.vwap === null : near(bar.vwap!, of('vwap')))
    return !exact || !sums
  })
  expect(wrong.map((of) => `${of('interval')} ${of('ts_open_ms')}`)).toEqual([])
  expect(bars.size).toBe(reference.length)
}

describe.skipIf(!realTicks.available)('bars of real ticks equal the reference bars (needs ../shared/data)', () => {
  test.each(realTicks.names)('%s, every interval', (name) => expectReference(barsOf(realTicks.read(name), 10), name), 180_000)

  test('BTCUSDT delivered with repeats and delays', () => {
    expectReference(barsOf(realTicks.disordered(), 3), 'binance-spot-btcusdt')
  })
})
