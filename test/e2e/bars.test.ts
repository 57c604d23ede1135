import { jetstream } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { intervalNames } from '../../shared/contract/bar.ts'
import { tickSubject } from '../../shared/contract/subjects.ts'
import { compareBars } from '../../triggers/sources/compare-bars.ts'
import { recompute, type Trade } from '../../triggers/sources/recompute.ts'
import { TickPublisher } from '../../triggers/sources/tick-publisher.ts'
import { type OwnStack, replicasOf, startOwnStack } from '../support/own-stack.ts'
import { barsInStream, barsInTable, newestOf } from '../support/stored-bars.ts'

const START_MS = Date.UTC(2024, 0, 15, 23, 40)
const LONG = { timeout: 60_000, interval: 200 }

let stack: OwnStack
let connection: NatsConnection
beforeAll(async () => {
  stack = await startOwnStack({ env: { BAR_IDLE_MS: '2000' } })
  connection = await connect({ servers: stack.urls.NATS_URL, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
})
afterAll(async () => {
  await connection?.close()
  await stack?.discard()
})

test('ticks become bars of five intervals, in QuestDB and by GET /bars', async () => {
  const trades = marketOf('BTC/USDT', 2000, 1200)
  const expected = recompute(trades, intervalNames)
  const publisher = new TickPublisher(connection)
  for (const trade of trades) await publish(publisher, trade)
  await publisher.settle()
  publisher.close()

  await expect.poll(async () => compareBars(await tableOf('BTC/USDT'), expected), LONG).toEqual([])

  const page = await fetch(`${stack.urls.GATEWAY_URL}/bars/BTC%2FUSDT?interval=5m&exchange=test&limit=1000`)
  const { bars } = (await page.json()) as { bars: Trade[] }
  expect(page.status).toBe(200)
  expect(
    compareBars(
      bars as never,
      expected.filter(({ interval }) => interval === '5m'),
    ),
  ).toEqual([])
})

test('the trace of a tick goes on with the bar it closes, and with the dead letter it becomes', async () => {
  const publishTraced = async (payload: string, traceparent: string) => {
    const named = headers()
    named.set('traceparent', traceparent)
    await jetstream(connection).publish(tickSubject('test', 'SOL/USDT'), payload, { headers: named })
  }
  const firstTraceOn = async (stream: string, subject: string) => {
    const consumer = await jetstream(connection).consumers.get(stream, { filter_subjects: subject })
    return (await consumer.next({ expires: LONG.timeout }))?.headers?.get('traceparent')
  }
  const [closing, bad] = ['a', 'b'].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`) as [string, string]
  const tick = { timestamp: START_MS, exchange: 'test', symbol: 'SOL/USDT', price: 100, qty: 1, trade_id: 1 }
  await publishTraced([tick, { ...tick, timestamp: START_MS + 120_000, trade_id: 2 }].map((one) => JSON.stringify(one)).join('\n'), closing)
  expect(await firstTraceOn('BARS', 'ohlcv.1m.SOL%2FUSDT')).toBe(closing)
  await publishTraced('nonsense', bad)
  expect(await firstTraceOn('DLQ', 'dlq.tick-to-bar')).toBe(bad)
})

test('whatever is killed in the middle, the bars are the same', { timeout: 180_000 }, async () => {
  const trades = marketOf('ETH/USDT', 12_000, 100)
  const expected = recompute(trades, intervalNames)
  const publisher = new TickPublisher(connection)
  const kills = ['nats', 'tick-to-bar', 'valkey', 'trigger-0', 'questdb', 'gateway', 'persist-bars']
  for (const [i, trade] of trades.entries()) {
    if (i % 1500 === 750) kill(kills[(i - 750) / 1500] ?? 'tick-to-bar')
    await publish(publisher, trade)
    // A thousand a second, so that every kill meets ticks on their way.
    if (i % 10 === 0) {
      publisher.push()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  await publisher.settle()
  publisher.close()

  await expect.poll(async () => compareBars(await tableOf('ETH/USDT'), expected), LONG).toEqual([])

  const stream = [...newestOf(await barsInStream(connection)).values()].filter(({ symbol }) => symbol === 'ETH/USDT')
  expect(compareBars(stream, expected)).toEqual([])
})

const tableOf = async (symbol: string) => (await barsInTable(stack.urls.QUESTDB_URL)).filter((bar) => bar.symbol === symbol)

const publish = (publisher: TickPublisher, trade: Trade) => publisher.send(tickSubject(trade.exchange, trade.symbol), JSON.stringify(trade))

function kill(name: string): void {
  const isFunction = name === 'tick-to-bar' || name === 'persist-bars'
  for (const pid of isFunction ? replicasOf(stack, name).map((replica) => replica.pid) : [stack.process(name).pid!])
    process.kill(pid, 'SIGKILL')
}

/** Trades that cross midnight; every tenth comes a second time, every seventh up to a minute late. */
function marketOf(symbol: string, count: number, stepMs: number): Trade[] {
  const trades: Trade[] = []
  for (let i = 0; i < count; i++) {
    const lateMs = i % 7 === 0 ? (i * 37) % 60_000 : 0
    const trade: Trade = {
      timestamp: START_MS + i * stepMs - lateMs,
      exchange: 'test',
      symbol,
      price: 100 + ((i * 7919) % 1000) / 10,
      qty: ((i % 13) + 1) / 8,
      side: i % 3 === 0 ? 'sell' : 'buy',
      trade_id: i,
    }
    trades.push(trade)
    if (i % 10 === 0) trades.push(trade)
  }
  return trades
}
