import { describe, expect, test } from 'vitest'
import { type Bar, INTERVALS } from '../../../../shared/contract/bar.ts'
import { sequenceOf, versionOf } from '../../../../shared/domain/version.ts'
import { bar as makeBar } from '../../../support/bar.ts'
import { FoldRunner, nameOf } from '../../../support/fold-runner.ts'
import { memoryBarHistory } from '../../../support/memory-bar-history.ts'
import { type RealTick, realTicks } from '../../../support/real-data.ts'
import type { TickMessage } from '../../../support/tick-batch.ts'

const CLOSE_ALL = { nowMs: Number.MAX_SAFE_INTEGER }
const SUMS = ['volume', 'quote_volume', 'buy_volume', 'sell_volume', 'vwap'] as const

function tapeOf(ticks: Iterable<RealTick>, count: number, every: number): TickMessage[] {
  const tape: TickMessage[] = []
  let brokerMs = 0
  let i = 0
  for (const tick of ticks) {
    // Some in a row, so that repeats and disorder are kept.
    if (i++ % (8 * every) >= 8) continue
    brokerMs = Math.max(brokerMs, Number(tick.tsNs.slice(0, -6)))
    tape.push({ seq: tape.length + 1, subject: 'ticks.x.BTCUSDT', text: realTicks.toJson(tick), brokerMs })
    if (tape.length === count) break
  }
  return tape
}

/** Told anew: every fifth trade late by up to 9 min, some later than a trade may be, every eighth a second time. */
function disordered(tape: readonly TickMessage[]): TickMessage[] {
  let seed = 7
  const chance = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const told = tape.flatMap((message) => {
    const delayMs = chance() < 0.2 ? chance() * 540_000 : chance() < 0.03 ? 800_000 : 0
    const brokerMs = message.brokerMs + delayMs
    return chance() < 0.125
      ? [
          { message, brokerMs },
          { message, brokerMs: brokerMs + chance() * 300_000 },
        ]
      : [{ message, brokerMs }]
  })
  return told
    .sort((a, b) => a.brokerMs - b.brokerMs)
    .map(({ message, brokerMs }, i) => ({ ...message, seq: i + 1, brokerMs: Math.floor(brokerMs) }))
}

/** Batches of uneven sizes up to a message; each also closes what is quiet by the broker's clock. */
function play(runner: FoldRunner, tape: readonly TickMessage[], from: number, to: number, sizes: number): void {
  for (let at = from, i = 0; at < to; i++) {
    const end = Math.min(to, at + 1 + ((i * 7919) % sizes))
    const batch = tape.slice(at, end)
    runner.batch(batch)
    if (i % 3 === 0) runner.batch([], { nowMs: batch.at(-1)!.brokerMs })
    if (i % 5 === 0) runner.reload()
    at = end
  }
}

const minuteOf = ({ text }: TickMessage): number => {
  const { timestamp } = JSON.parse(text) as { timestamp: number }
  return timestamp - (timestamp % 60_000)
}
const close = (a: number | null, b: number | null) => a === b || Math.abs(a! - b!) <= 1e-9 * Math.abs(b!)
const edition = (bar: Bar) => `${nameOf(bar)} ${bar.version}`
const exactOf = (bar: Bar) => Object.fromEntries(Object.entries(bar).filter(([name]) => !SUMS.some((sum) => sum === name)))

function expectSame(bar: Bar, truth: Bar | undefined): void {
  const off = truth ? SUMS.filter((name) => !close(bar[name], truth[name])) : []
  // One assertion: there are some hundred thousand bars.
  expect({ ...exactOf(bar), off }, edition(bar)).toEqual(truth && { ...exactOf(truth), off: [] })
}

/** Every edition of every bar that there can be. */
function truthOf(tape: readonly TickMessage[]): FoldRunner {
  const all = new FoldRunner()
  for (const message of tape) all.batch([message], CLOSE_ALL)
  return all
}

/**
 * A run up to message `crash` whose rows are kept; then the state is gone, the stream begins behind message `gone`, and a second run goes on to its end.
 * @returns the bars that the two have made, at their greatest versions; nothing where a trade that is gone comes a second time behind all rows:
 * it cannot be recognised.
 */
async function interrupted(tape: readonly TickMessage[], gone: number, crash: number, editions: ReadonlyMap<string, Bar>) {
  const first = new FoldRunner()
  play(first, tape, 0, crash, 40)
  const lost = new Set(tape.slice(0, gone).map(({ text }) => text))
  const rowsTo = sequenceOf(Math.max(...first.closed.map(({ version }) => version)))
  if (tape.slice(Math.max(gone, rowsTo)).some(({ text }) => lost.has(text))) return undefined
  const history = memoryBarHistory(first.closed)
  const second = new FoldRunner(gone)
  await second.restore(history, tape[gone]!)
  play(second, tape, gone, tape.length, 25)
  second.batch([], CLOSE_ALL)
  for (const bar of second.closed) expectSame(bar, editions.get(edition(bar)))
  const bars = first.greatest()
  for (const [name, bar] of second.greatest()) if ((bars.get(name)?.version ?? 0) <= bar.version) bars.set(name, bar)
  return { bars, rows: first.closed }
}

describe.skipIf(!realTicks.available)('an emptied state whose stream was cut goes on from the rows (needs ../shared/data)', () => {
  const tapes: [string, () => Iterable<RealTick>, number][] = [
    ['binance-spot-btcusdt', () => realTicks.read('binance-spot-btcusdt'), 40],
    ['kraken-xbtusdt', () => realTicks.read('kraken-xbtusdt'), 1],
    ['kraken-xbtusdt with repeats and delays', () => realTicks.read('kraken-xbtusdt'), 1],
    ['btcusdt with repeats and delays', () => realTicks.disordered(), 40],
  ]
  const manyPlaces = async (name: string, ticks: () => Iterable<RealTick>, every: number) => {
    const inOrder = tapeOf(ticks(), 1_000, every)
    const tape = name.startsWith('kraken-xbtusdt with') ? disordered(inOrder) : inOrder
    const all = truthOf(tape)
    const editions = new Map(all.closed.map((bar) => [edition(bar), bar]))
    const truth = all.greatest()
    let places = 0
    for (let i = 0; i < 50; i++) {
      const crash = 200 + ((i * 389) % (tape.length - 200))
      const gone = i % 4 === 0 ? crash - 1 - (i % 37) : 1 + ((i * 743) % (crash - 1))
      const made = await interrupted(tape, gone, crash, editions)
      if (!made) continue
      const { bars, rows } = made
      places++
      const newest = Math.max(...rows.filter(({ interval }) => interval === '1m').map(({ timestamp }) => timestamp))
      // Minutes with trades that are gone, and no row: no bar is made of what is left of them.
      const cut = new Set(
        tape
          .slice(0, gone)
          .map(minuteOf)
          .filter((start) => start > newest),
      )
      for (const [named, bar] of truth) {
        const got = bars.get(named)
        const end = bar.timestamp + INTERVALS[bar.interval]
        if ([...cut].some((start) => start >= bar.timestamp && start < end)) continue
        if (got?.version === bar.version) expectSame(got, bar)
        // Trades may be ahead of the broker's clock, so a minute that begins 5 s behind the cut counts as cut, too.
        else expect(tape[gone]!.brokerMs + 5_000, `${named} behind ${gone}, crash at ${crash}`).toBeGreaterThanOrEqual(newest + 60_000)
      }
    }
    expect(places).toBeGreaterThan(40)
  }
  test.each(tapes)('%s, cut and crashed at many places', manyPlaces, 120_000)
})

const T0 = 1_697_292_000_000
const at = (minute: number, version: number, fields: Partial<Bar> = {}) => {
  const timestamp = T0 + minute * 60_000
  return makeBar({ timestamp, last_ms: timestamp + 30_000, version: versionOf(1, version), ...fields })
}
const trade = (seq: number, minute: number, id: number | undefined = seq): TickMessage => {
  const timestamp = T0 + minute * 60_000 + 40_000
  const text = JSON.stringify({ timestamp, exchange: 'binance', price: 45_000, qty: 1, trade_id: id })
  return { seq, subject: 'ticks.binance.BTCUSDT', text, brokerMs: T0 + 3_600_000 }
}
/** A run that begins behind message `gone` with these rows, and takes the messages one by one. */
async function restored(gone: number, rows: Bar[], messages: readonly TickMessage[]) {
  const runner = new FoldRunner(gone)
  await runner.restore(memoryBarHistory(rows), messages[0]!)
  const handedOn = messages.map((message) => {
    const before = runner.closed.length
    runner.batch([message])
    return runner.closed.slice(before).map(({ interval, timestamp, trades }) => `${interval} ${(timestamp - T0) / 60_000}: ${trades}`)
  })
  return { handedOn, runner }
}

test('a larger bar over a row with trades still to come waits for them', async () => {
  const rows = [at(0, 4, { rev: 1 }), at(7, 1)]
  const { handedOn } = await restored(1, rows, [trade(2, 7), trade(3, 7), trade(4, 0), trade(5, 8)])
  expect(handedOn).toEqual([[], [], ['5m 0: 3'], ['1m 7: 5']])
})

test('the newest row behind which the stream begins says what is late', async () => {
  const { runner } = await restored(9, [at(0, 5), at(30, 8)], [trade(10, 5), trade(11, 31)])
  expect(runner.rejects).toEqual([{ seq: 10, line: undefined, code: 'LATE_TS' }])
})

test('a trade that is gone and comes a second time is known where ids are numbers in a row; else only the first and the last are', async () => {
  const ids = { first_id: '100', last_id: '104' }
  const copies = [trade(10, 0, 102), trade(11, 0, 104), trade(12, 0, 105)]
  const trades = async (row: Bar) => {
    const { runner } = await restored(9, [row], [...copies, trade(13, 2, 200)])
    return runner.closed.find(({ interval }) => interval === '1m')!.trades
  }
  expect(await trades(at(0, 8, { ...ids, trades: 5 }))).toBe(6)
  expect(await trades(at(0, 8, { ...ids, trades: 4 }))).toBe(6)
})
