import { Sender } from '@questdb/nodejs-client'
import { intervalNames } from '../../../shared/contract/bar.ts'
import { readStream } from './read-stream.ts'

/**
 * QuestDB as its manual shows: ticks in by ILP over HTTP, bars out by SAMPLE BY. It promises no position (a crash between read and flush repeats or loses ticks), does not
 * drop duplicates, and pushes no bar to anyone; bars are computed when asked for. Arguments: NATS address, stream, number of messages, QuestDB address. Prints one JSON line.
 */
const [nats = '', stream = '', count = '0', questdb = ''] = process.argv.slice(2)
const table = `peer_${process.pid}`
const decoder = new TextDecoder()
const ask = async (query: string) => {
  const answer = await fetch(`${questdb}/exec?query=${encodeURIComponent(query)}`)
  const body = (await answer.json()) as { dataset?: unknown[][]; error?: string }
  if (body.error) throw new Error(`${query}: ${body.error}`)
  return body.dataset ?? []
}
await ask(
  `CREATE TABLE ${table} (timestamp TIMESTAMP, symbol SYMBOL, price DOUBLE, qty DOUBLE, trade_id VARCHAR) TIMESTAMP(timestamp) PARTITION BY DAY WAL`,
)

const sender = await Sender.fromConfig(`http::addr=${new URL(questdb).host};auto_flush=off;init_buf_size=16777216;max_buf_size=268435456;`)
let start = 0
let ticks = 0
for await (const data of readStream(nats, stream, Number(count))) {
  start ||= performance.now()
  for (const line of decoder.decode(data).split('\n')) {
    const tick = JSON.parse(line)
    sender.table(table).symbol('symbol', tick.symbol).floatColumn('price', tick.price).floatColumn('qty', tick.qty)
    await sender.stringColumn('trade_id', String(tick.trade_id)).at(tick.timestamp, 'ms')
    if (++ticks % 50_000 === 0) await sender.flush()
  }
}
await sender.flush()
await sender.close()
for (;;) {
  const [[stored] = []] = await ask(`SELECT count() FROM ${table}`)
  if (stored === ticks) break
}
let bars = 0
for (const interval of intervalNames) {
  const rows = await ask(
    `SELECT count() FROM (SELECT timestamp, symbol, first(price), max(price), min(price), last(price), sum(qty), count() FROM ${table} SAMPLE BY ${interval})`,
  )
  bars += Number(rows[0]?.[0])
}
const seconds = (performance.now() - start) / 1000
await ask(`DROP TABLE ${table}`)
console.log(JSON.stringify({ ticks, seconds, bars }))
