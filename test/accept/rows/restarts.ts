import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { TickPublisher } from '../../../triggers/sources/tick-publisher.ts'
import { isCaughtUp, READERS, until } from '../../support/progress.ts'
import { barsInTable, keyOf, sql } from '../../support/stored-bars.ts'
import { all, type Outcome, type OwnPlace, type Row } from '../board.ts'

export const A10: Row = { id: 'A10', test: 'restart NATS under a running feed', required: 'reconnects, no loss, backlog processed' }
export const A16: Row = {
  id: 'A16',
  test: 'stop and start the whole stack',
  required: 'data survives; services reach each other by their addresses',
}

const FEED_TICKS = 10_000
const FEED_MS = 10_000

/** A10: 1,000 ticks a second for ten seconds; NATS is stopped and started in the middle. Bars count every tick exactly once. */
export async function restartNats({ stack, settings }: OwnPlace): Promise<Outcome> {
  const { urls } = settings
  const connection = await connect({ servers: urls.NATS_URL, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const publisher = new TickPublisher(connection)
  const started = performance.now()
  let away = 0
  const restart = new Promise((resolve) => setTimeout(resolve, FEED_MS / 2)).then(async () => {
    const from = performance.now()
    await stack.process('nats').restart()
    away = performance.now() - from
  })
  for (let i = 0; i < FEED_TICKS; ) {
    const due = Math.min(FEED_TICKS, ((performance.now() - started) * FEED_TICKS) / FEED_MS)
    for (; i < due; i++)
      await publisher.send(
        'ticks.binance.SOLUSDT',
        `{"timestamp":${Date.now()},"exchange":"binance","symbol":"SOLUSDT","price":${100 + (i % 10)},"qty":1,"trade_id":${i}}`,
      )
    publisher.push()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await publisher.settle()
  await restart
  const { resent } = publisher
  publisher.close()
  const settledMs = performance.now()
  await until('the backlog is processed', () => isCaughtUp(connection, urls.GATEWAY_URL, READERS[0]), 30_000)
  const backlogMs = performance.now() - settledMs
  await connection.close()
  const count = async () => {
    const [row] = await sql(urls.QUESTDB_URL, "SELECT sum(trades) n FROM ohlcv_1m WHERE symbol='SOLUSDT'")
    return Number(row?.n ?? 0)
  }
  await until('the bars hold every tick', async () => (await count()) >= FEED_TICKS, 90_000, 500).catch(() => {})
  const n = await count()
  const text = `NATS away ${Math.round(away)} ms; ${n} of ${FEED_TICKS} ticks in bars, ${resent} sent again; caught up ${Math.round(backlogMs)} ms after the last`
  return all(text, { 'every tick once': n === FEED_TICKS })
}

/** A16: rows, messages and positions are the same after a stop and a start, and the next tick goes through. */
export async function restartAll(place: OwnPlace): Promise<Outcome> {
  const { urls } = place.settings
  const before = await look(urls)
  await place.connection.close()
  place.stack = await place.stack.again()
  const after = await look(urls)
  const connection = await connect({ servers: urls.NATS_URL })
  await jetstream(connection).publish('ticks.binance.XRPUSDT', `{"timestamp":${Date.now()},"symbol":"XRPUSDT","price":0.5,"qty":10}`)
  const flows = () => isCaughtUp(connection, urls.GATEWAY_URL, READERS[0])
  await until('the next tick is committed', flows, 30_000)
  await connection.close()
  const ready = await Promise.all(
    ['tick-to-bar', 'persist-bars', 'bars'].map(async (name) => (await fetch(`${urls.GATEWAY_URL}/function/${name}/_/ready`)).ok),
  )
  return all(
    `${before.bars.length} bars and ${before.messages} messages before and after; 3 functions reach their servers at ${Object.values(urls).join(' ')}`,
    {
      'the same bars': JSON.stringify(before.bars) === JSON.stringify(after.bars),
      'the same messages': before.messages === after.messages && before.messages > 0,
      'functions ready': ready.every(Boolean),
    },
  )
}

/** What must survive. */
async function look(urls: OwnPlace['settings']['urls']): Promise<{ bars: string[]; messages: number }> {
  const bars = (await barsInTable(urls.QUESTDB_URL)).map((bar) => `${keyOf(bar)} ${JSON.stringify(bar)}`).sort()
  const connection = await connect({ servers: urls.NATS_URL })
  const manager = await jetstreamManager(connection)
  const { state } = await manager.streams.info(STREAMS.MARKET_TICKS.name)
  await connection.close()
  return { bars, messages: state.messages }
}
