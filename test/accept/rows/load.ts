import { jetstreamManager } from '@nats-io/jetstream'
import { Redis } from 'ioredis'
import { barPositionsKey, slotField } from '../../../shared/adapters/valkey/keys.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { slotOf } from '../../../shared/domain/slot.ts'
import { sequenceOf } from '../../../shared/domain/version.ts'
import { TickPublisher } from '../../../triggers/sources/tick-publisher.ts'
import { latency } from '../../bench/latency.ts'
import { median, usageOf } from '../../bench/usage.ts'
import { replicasOf } from '../../support/own-stack.ts'
import { until } from '../../support/progress.ts'
import { sql } from '../../support/stored-bars.ts'
import { all, type Outcome, type OwnPlace, type Row } from '../board.ts'

export const A4: Row = {
  id: 'A4',
  test: '100k ticks, price 45000 + i%100, qty 0.5',
  required: 'all processed, >= 100k/s, P50 < 5 ms, P99 < 20 ms, < 500 MB, no crash',
}

const COUNT = 100_000
/** The rate that latency is measured at: 100k ticks within ten seconds, one of which is for warming up. At full speed it would only tell how long the queue was. */
const PACE = 10_000
const PACE_S = 9

/** The seeds' tick number i of a symbol. */
const tick = (symbol: string, i: number) =>
  `{"timestamp":${Date.now()},"exchange":"binance","symbol":"${symbol}","price":${45_000 + (i % 100)},"qty":0.5,"side":"${i % 2 === 0 ? 'buy' : 'sell'}","trade_id":${i}}`

/** A4: three times as fast as it goes for the rate, once at 10,000/s for the latency. `measured` is called when the load is over and only the last bars are waited for. */
export async function load(place: OwnPlace, measured: () => void): Promise<Outcome> {
  const { stack, connection } = place
  const sinceMs = Date.now() - 60_000
  const processes = [stack.process('trigger-0').pid!, ...replicasOf(stack, 'tick-to-bar').map(({ pid }) => pid)]
  const restarts = () => [...stack.processes.values()].reduce((sum, { restarts }) => sum + restarts, 0)
  const before = restarts()
  try {
    const rates: number[] = []
    for (const symbol of ['BTCUSDT', 'BNBUSDT', 'ADAUSDT']) rates.push(await burst(place, symbol))
    const perSecond = median(rates)
    const { p50Ms, p99Ms } = await latency(stack, ticksOf('ETHUSDT'), PACE, PACE_S)
    const most = Math.max(...processes.map((pid) => usageOf(pid).peakMiB))
    measured()
    const bars = await closedBars(stack.urls.QUESTDB_URL, sinceMs)
    const sum = (of: (bar: (typeof bars)[number]) => number) => bars.reduce((total, bar) => total + of(bar), 0)
    const [n, volume] = [sum(({ trades }) => trades), sum(({ volume }) => volume)]
    const text = [
      `n ${n}, V ${volume}`,
      `${Math.round(perSecond / 1000)}k/s from stream to committed (median of ${rates.map((rate) => Math.round(rate / 1000)).join(', ')})`,
      `P50 ${p50Ms.toFixed(2)} P99 ${p99Ms.toFixed(2)} ms from broker to commit at 10k/s`,
      `${most} MiB at most`,
    ].join('; ')
    return all(text, {
      'all processed': n === COUNT && volume === COUNT / 2,
      'low 45000, high 45099': Math.min(...bars.map(({ low }) => low)) === 45_000 && Math.max(...bars.map(({ high }) => high)) === 45_099,
      'first open 45000, last close 45099': bars[0]?.open === 45_000 && bars.at(-1)?.close === 45_099,
      '>= 100k/s': perSecond >= COUNT,
      'P50 < 5 ms': p50Ms < 5,
      'P99 < 20 ms': p99Ms < 20,
      '< 500 MB': most < 500,
      'no crash': restarts() === before && connection.isClosed() === false,
    })
  } finally {
    measured()
  }
}

/** Ticks per second from a full stream to the last commit: the trigger stands still while the stream is filled. */
async function burst({ connection, settings, stack }: OwnPlace, symbol: string): Promise<number> {
  const publisher = new TickPublisher(connection)
  const trigger = stack.process('trigger-0')
  trigger.kill('SIGSTOP')
  for (let i = 0; i < COUNT; i++) await publisher.send(`ticks.binance.${symbol}`, tick(symbol, i))
  await publisher.settle()
  publisher.close()
  const { name, slots } = STREAMS.MARKET_TICKS
  const { state } = await (await jetstreamManager(connection)).streams.info(name)
  const valkey = new Redis(settings.urls.VALKEY_URL)
  const field = slotField(slotOf(symbol, slots))
  const committed = async () => Number.parseInt((await valkey.hget(barPositionsKey, field)) ?? '0', 10)
  const isCommitted = async () => sequenceOf(await committed()) >= state.last_seq
  trigger.kill('SIGCONT')
  const started = performance.now()
  await until('all ticks are committed', isCommitted, 60_000, 1).finally(() => valkey.disconnect())
  return COUNT / ((performance.now() - started) / 1000)
}

/** Endless ticks of a symbol. */
function* ticksOf(symbol: string): Generator<{ subject: string; text: string }> {
  for (let i = 0; ; i++) yield { subject: `ticks.binance.${symbol}`, text: tick(symbol, i) }
}

type Row1m = { open: number; high: number; low: number; close: number; volume: number; trades: number }

/** The 1m bars of the load, oldest first, once the last one is closed: a minute after its last tick. */
async function closedBars(questdbUrl: string, sinceMs: number): Promise<Row1m[]> {
  const query = `SELECT * FROM ohlcv_1m WHERE symbol='BTCUSDT' AND exchange='binance' AND timestamp >= ${sinceMs * 1000} ORDER BY timestamp`
  const counted = async () => {
    const rows = (await sql(questdbUrl, query)) as Row1m[]
    return rows.reduce((sum, { trades }) => sum + trades, 0) >= COUNT
  }
  await until('the last bar is closed and stored', counted, 90_000, 500).catch(() => {})
  return (await sql(questdbUrl, query)) as Row1m[]
}
