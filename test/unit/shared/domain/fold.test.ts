import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Bar } from '../../../../shared/contract/bar.ts'
import { INTERVALS, intervalNames } from '../../../../shared/contract/bar.ts'
import { FoldRunner, nameOf, settings } from '../../../support/fold-runner.ts'
import { naiveBars, type Trade } from '../../../support/naive-bars.ts'
import type { TickMessage } from '../../../support/tick-batch.ts'

const T0 = 1_697_292_000_000
const SYMBOLS = ['BTCUSDT', 'BTCUSDT', 'BRK.B']

/** Times are multiples of this, so that the edges of all rules are met. */
const GRAIN_MS = 500

/** A trade, how old it is when it is told; or the repetition of one told before. */
const trade = fc.record({
  symbol: fc.constantFrom(...SYMBOLS),
  exchange: fc.constantFrom('b', undefined, undefined),
  back: fc.oneof({ weight: 6, arbitrary: fc.nat(3) }, { weight: 3, arbitrary: fc.nat(240) }, { weight: 1, arbitrary: fc.nat(1_800) }),
  // Whole and quarter numbers: sums of them are exact, so the naive bars must agree to the last digit.
  price: fc.integer({ min: 1, max: 40 }).map((quarters) => quarters / 4),
  qty: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.constant(0)),
  side: fc.constantFrom('buy', 'sell', undefined),
  id: fc.oneof(
    { weight: 6, arbitrary: fc.nat(60) },
    { weight: 2, arbitrary: fc.nat(20).map((n) => `d-${n}`) },
    { weight: 1, arbitrary: fc.constantFrom('x', 'y', '007') },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  repeat: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.nat(30)),
})
/** One step of a market: how far its clock moves, and the message that is then told. */
const step = fc.record({
  forward: fc.oneof({ weight: 12, arbitrary: fc.nat(40) }, { weight: 3, arbitrary: fc.nat(800) }, fc.nat(18_000)),
  trades: fc.array(trade, { minLength: 1, maxLength: 3 }),
  // What happens before this message: a new batch, a crash, a commit that is lost, a quiet batch.
  before: fc.constantFrom('go on', 'go on', 'go on', 'cut', 'crash', 'crash', 'lose', 'quiet'),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** The messages that steps give; every fault of delivery is in them. */
function messagesOf(steps: readonly Step[]): { message: TickMessage; trades: Trade[] }[] {
  let clock = T0
  const told: Trade[] = []
  return steps.map(({ forward, trades }, i) => {
    clock += forward * GRAIN_MS
    const { symbol } = trades[0]!
    const told_ = trades.map(({ back, price, qty, side, id, exchange, repeat }): Trade => {
      const again = repeat === undefined ? undefined : told.filter((trade) => trade.symbol === symbol).at(-1 - repeat)
      const trade = again ?? {
        symbol,
        exchange: exchange ?? 's',
        tsMs: clock - back * GRAIN_MS,
        price,
        qty,
        side,
        id: id === undefined ? undefined : String(id),
      }
      told.push(trade)
      return trade
    })
    const subject = `ticks.s.${symbol.replace('.', '%2E')}`
    const text = told_.map(({ tsMs, exchange, price, qty, side, id }) => {
      const named = exchange === 's' ? {} : { exchange }
      return JSON.stringify({ timestamp: tsMs, symbol, ...named, price, qty, side, trade_id: id })
    })
    return { message: { seq: i + 1, subject, text: text.join(' '), brokerMs: clock }, trades: told_ }
  })
}

const CLOSE_ALL = { nowMs: Number.MAX_SAFE_INTEGER }

/** One message a batch, and after each of them every bar is handed on: all editions there can be. */
function everyEdition(messages: readonly TickMessage[]): FoldRunner {
  const runner = new FoldRunner()
  for (const message of messages) runner.batch([message], CLOSE_ALL)
  return runner
}

const strip = ({ version: _, ...bar }: Bar) => bar

test('bars never depend on batch borders, crashes, lost commits or quiet batches', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const messages = messagesOf(steps).map(({ message }) => message)
      const all = everyEdition(messages)
      const editions = new Map(all.closed.map((bar) => [`${nameOf(bar)} ${bar.version}`, bar]))

      const runner = new FoldRunner()
      let batch: TickMessage[] = []
      for (const [i, { before }] of steps.entries()) {
        if (before === 'lose') {
          runner.batch(batch, { commit: false })
          runner.batch(batch)
        } else if (before === 'quiet') runner.batch(batch, { nowMs: messages[i]!.brokerMs })
        else if (before !== 'go on') runner.batch(batch)
        if (before === 'crash') runner.reload()
        if (before !== 'go on') batch = []
        batch.push(messages[i]!)
      }
      runner.batch(batch)
      runner.batch([], CLOSE_ALL)

      for (const bar of runner.closed) expect(bar).toEqual(editions.get(`${nameOf(bar)} ${bar.version}`))
      expect([...runner.greatest()].sort()).toEqual([...all.greatest()].sort())
      expect(runner.rejects).toEqual(all.rejects)
    }),
    { numRuns: 120 },
  )
})

test('bars, late ticks and contradictions are those of a plain recomputation', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const told = messagesOf(steps)
      const runner = new FoldRunner()
      runner.batch(
        told.map(({ message }) => message),
        CLOSE_ALL,
      )
      const naive = naiveBars(
        told.map(({ message, trades }) => ({ seq: message.seq, brokerMs: message.brokerMs, trades })),
        settings,
      )

      expect([...runner.greatest()].sort()).toEqual(naive.bars.map((bar) => [nameOf(bar), bar]).sort())
      expect(runner.rejects).toEqual(naive.rejects)
    }),
    { numRuns: 120 },
  )
})

test('without faults no edition of a bar is handed on twice', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const runner = new FoldRunner()
      for (const { message } of messagesOf(steps)) runner.batch([message], { nowMs: message.brokerMs })
      runner.batch([], CLOSE_ALL)
      runner.batch([], CLOSE_ALL)
      const names = runner.closed.map((bar) => `${nameOf(bar)} ${bar.version}`)
      expect(names).toEqual([...new Set(names)])
    }),
    { numRuns: 60 },
  )
})

test('a larger bar agrees with its minutes in every field', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const bars = [
        ...everyEdition(messagesOf(steps).map(({ message }) => message))
          .greatest()
          .values(),
      ]
      for (const bar of bars) {
        const parts = bars
          .filter((part) => part.interval === '1m' && part.exchange === bar.exchange && part.symbol === bar.symbol)
          .filter((part) => part.timestamp >= bar.timestamp && part.timestamp < bar.timestamp + INTERVALS[bar.interval])
          .sort((a, b) => a.timestamp - b.timestamp)
        const [first, last] = [parts[0]!, parts.at(-1)!]
        const sum = (name: 'volume' | 'quote_volume' | 'buy_volume' | 'sell_volume' | 'trades') =>
          parts.reduce((total, part) => total + part[name], 0)
        expect(strip(bar)).toMatchObject({
          open: first.open,
          first_ms: first.first_ms,
          first_id: first.first_id,
          high: Math.max(...parts.map(({ high }) => high)),
          low: Math.min(...parts.map(({ low }) => low)),
          close: last.close,
          last_ms: last.last_ms,
          last_id: last.last_id,
          volume: sum('volume'),
          quote_volume: sum('quote_volume'),
          buy_volume: sum('buy_volume'),
          sell_volume: sum('sell_volume'),
          trades: sum('trades'),
        })
        expect(bar.version).toBe(Math.max(...parts.map(({ version }) => version)))
      }
      expect(new Set(bars.map(({ interval }) => interval)).size).toBe(bars.length > 0 ? intervalNames.length : 0)
    }),
    { numRuns: 60 },
  )
})
