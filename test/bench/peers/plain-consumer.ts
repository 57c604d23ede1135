import { INTERVALS } from '../../../shared/contract/bar.ts'
import { readStream } from './read-stream.ts'

/**
 * What many people write first: one process, bars in its memory. It promises nothing: no position, no duplicates check, no late ticks, and all bars are gone
 * with the process. Arguments: NATS address, stream, number of messages. Prints one JSON line.
 */
const [url = '', stream = '', count = '0'] = process.argv.slice(2)
type Bar = { open: number; high: number; low: number; close: number; volume: number; trades: number }
const bars = new Map<string, Bar>()
const intervals = Object.values(INTERVALS)
const decoder = new TextDecoder()

let start = 0
let ticks = 0
for await (const data of readStream(url, stream, Number(count))) {
  start ||= performance.now()
  for (const line of decoder.decode(data).split('\n')) {
    const tick = JSON.parse(line)
    ticks++
    for (const ms of intervals) {
      const key = `${tick.symbol}:${ms}:${tick.timestamp - (tick.timestamp % ms)}`
      const bar = bars.get(key)
      if (bar) {
        bar.high = Math.max(bar.high, tick.price)
        bar.low = Math.min(bar.low, tick.price)
        bar.close = tick.price
        bar.volume += tick.qty
        bar.trades++
      } else bars.set(key, { open: tick.price, high: tick.price, low: tick.price, close: tick.price, volume: tick.qty, trades: 1 })
    }
  }
}
console.log(JSON.stringify({ ticks, seconds: (performance.now() - start) / 1000, bars: bars.size }))
