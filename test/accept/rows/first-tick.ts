import { jetstream } from '@nats-io/jetstream'
import { Redis } from 'ioredis'
import { Bar } from '../../../shared/contract/bar.ts'
import { until } from '../../support/progress.ts'
import { sql } from '../../support/stored-bars.ts'
import { all, type Outcome, type Place, type Row } from '../board.ts'

export const A1: Row = {
  id: 'A1',
  test: 'one tick on ticks.binance.BTCUSDT, listen on ohlcv.1m.BTCUSDT',
  required: 'bar of 2023-10-14T14:00Z, O=H=L=C=45000, V=0.5, n=1 within 65 s',
}
export const A2: Row = {
  id: 'A2',
  test: "SELECT * FROM ohlcv_1m WHERE symbol='BTCUSDT' ORDER BY timestamp DESC LIMIT 10",
  required: 'its row, right timestamp and values',
}
export const A3: Row = { id: 'A3', test: 'Valkey: SELECT 1; KEYS bars:1m:*; GET bars:1m:BTCUSDT', required: 'the bar, TTL set' }

const MINUTE = '2023-10-14T14:00:00.000000Z'
const PATIENCE_MS = 65_000

/** The tick as the seeds send it. */
const tick = (exchange: string) => ({
  timestamp: 1697292000000,
  exchange,
  symbol: 'BTCUSDT',
  price: 45000.0,
  qty: 0.5,
  side: 'buy',
  trade_id: 123456,
})

type Values = { open: unknown; high: unknown; low: unknown; close: unknown; volume: unknown; trades: unknown }

const isExpected = ({ open, high, low, close, volume, trades }: Values): boolean =>
  [open, high, low, close].every((price) => price === 45000) && volume === 0.5 && trades === 1

const shown = ({ open, high, low, close, volume, trades }: Values) => `O ${open} H ${high} L ${low} C ${close} V ${volume} n ${trades}`

/** A1: the tick is three years old, and its bar still comes a minute later. */
export async function firstTick({ connection, exchange }: Place): Promise<Outcome> {
  const heard = connection.subscribe('ohlcv.1m.BTCUSDT')
  const started = performance.now()
  const timer = setTimeout(() => heard.unsubscribe(), PATIENCE_MS)
  await jetstream(connection).publish(`ticks.${exchange}.BTCUSDT`, JSON.stringify(tick(exchange)))
  try {
    for await (const message of heard) {
      const bar = Bar.parse(message.json())
      if (bar.exchange !== exchange) continue
      const seconds = (performance.now() - started) / 1000
      return all(`${new Date(bar.timestamp).toISOString()} ${shown(bar)} after ${seconds.toFixed(1)} s`, {
        minute: bar.timestamp === Date.parse(MINUTE),
        values: isExpected(bar),
        'within 65 s': seconds <= 65,
      })
    }
    return { measured: 'no bar within 65 s', pass: false }
  } finally {
    clearTimeout(timer)
    heard.unsubscribe()
  }
}

/** A2: the seeds' query word for word; beside other exchanges' bars of the symbol our row is looked for by its exchange as well. */
export async function row({ settings: { urls }, exchange }: Place): Promise<Outcome> {
  const ours = `SELECT * FROM ohlcv_1m WHERE symbol='BTCUSDT' AND exchange='${exchange}' ORDER BY timestamp DESC LIMIT 10`
  await until('the row is in QuestDB', async () => (await sql(urls.QUESTDB_URL, ours)).length > 0, 15_000)
  const rows = await sql(urls.QUESTDB_URL, A2.test)
  const found = (await sql(urls.QUESTDB_URL, ours)).find(({ timestamp }) => timestamp === MINUTE) as Values | undefined
  return all(`${rows.length} rows; ${MINUTE.slice(0, 16)}Z ${found ? shown(found) : 'missing'}`, {
    'right values': found !== undefined && isExpected(found),
    'rows by the seeds’ query': rows.length > 0 && rows.length <= 10,
  })
}

/** A3: the read cache. In a stack that runs, `bars:1m:BTCUSDT` may hold a newer bar than ours, so ours is read by its exchange. */
export async function cached({ settings: { urls }, exchange }: Place): Promise<Outcome> {
  const valkey = new Redis(urls.VALKEY_URL, { db: 1, maxRetriesPerRequest: 1 })
  valkey.on('error', () => {})
  try {
    const key = exchange === 'binance' ? 'bars:1m:BTCUSDT' : `bars:1m:BTCUSDT:${exchange}`
    const [keys, text, ttl] = [await valkey.keys('bars:1m:*'), await valkey.get(key), await valkey.ttl(key)]
    const bar = text === null ? undefined : Bar.parse(JSON.parse(text))
    return all(`${keys.length} keys; ${key} ${bar ? shown(bar) : 'missing'}, TTL ${ttl} s`, {
      'the key is among KEYS': keys.includes(key),
      values: bar !== undefined && isExpected(bar) && bar.timestamp === Date.parse(MINUTE),
      'TTL set, at most an hour': ttl > 0 && ttl <= 3600,
    })
  } finally {
    valkey.disconnect()
  }
}
