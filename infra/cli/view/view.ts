import type { NatsConnection } from '@nats-io/transport-node'
import { Bar } from '../../../shared/contract/bar.ts'
import type { StackProcess } from '../../stack/process.ts'
import { readProgress } from '../../stack/progress.ts'
import { Market } from './market.ts'
import { minuteOf, type Pulse, priceOf, rateOf, render } from './render.ts'

const DRAW_MS = 1000
const PLAIN_MS = 5000
const EVENTS_SHOWN = 4

type View = {
  /** Takes a line of news, such as a process that died. */
  say(line: string): void
  /** Ends the drawing; the last picture stays. */
  close(): Promise<void>
}

/** Shows bars as they come: a picture redrawn each second on a terminal, plain lines each five seconds anywhere else. */
export function openView(connection: NatsConnection, processes: ReadonlyMap<string, StackProcess>, output: NodeJS.WriteStream): View {
  const market = new Market()
  const events: string[] = []
  let first = true
  let pulse: Pick<Pulse, 'rate' | 'lag' | 'unsaved'> = { rate: undefined, lag: undefined, unsaved: undefined }
  const say = (line: string) => {
    if (!output.isTTY) output.write(`${line}\n`)
    events.push(`${new Date().toISOString().slice(11, 19)}  ${line}`)
    if (events.length > EVENTS_SHOWN) events.shift()
  }
  // Forming bars come by core NATS, closed ones are stored and pass by here as well.
  const subscription = connection.subscribe('ohlcv.>', {
    callback(error, message) {
      const bar = error ? undefined : Bar.safeParse(message.json()).data
      if (!bar) return
      market.take(bar)
      if (bar.closed && first) {
        first = false
        say(`first closed bar: ${bar.symbol} ${bar.interval} ${minuteOf(bar.timestamp)} close ${priceOf(bar.close)}`)
      }
    },
  })
  const draw = () => {
    if (!output.isTTY) return output.write(plain(market, pulse))
    const states = [...processes.values()].map(({ name, state, restarts }) => ({ name, state, restarts }))
    const lines = render(market, { ...pulse, processes: states, events }, output.rows)
    output.write(`\x1b[H${lines.map((line) => `${line.slice(0, output.columns)}\x1b[K`).join('\n')}\x1b[J`)
  }
  if (output.isTTY) output.write('\x1b[?25l\x1b[2J')
  const stopReading = readEachSecond(connection, (read) => {
    pulse = read
  })
  const timer = setInterval(draw, output.isTTY ? DRAW_MS : PLAIN_MS)
  return {
    say,
    async close() {
      clearInterval(timer)
      stopReading()
      subscription.unsubscribe()
      draw()
      output.write(output.isTTY ? '\x1b[?25h\n' : '')
    },
  }
}

const plain = (market: Market, pulse: Pick<Pulse, 'rate' | 'lag' | 'unsaved'>): string => {
  const rows = market
    .rows()
    .map(({ newest }) => `${newest.symbol} (${newest.exchange}) ${minuteOf(newest.timestamp).slice(11)} ${priceOf(newest.close)}`)
  return `${rateOf(pulse)}  ·  ${rows.slice(0, 6).join(', ')}\n`
}

/** Turns what the triggers write down into rate and lag. */
function readEachSecond(connection: NatsConnection, take: (pulse: Pick<Pulse, 'rate' | 'lag' | 'unsaved'>) => void): () => void {
  let before: { read: number; atMs: number } | undefined
  let asking = false
  const look = async () => {
    const progress = await readProgress(connection)
    const ticks = progress.find(({ name }) => name === 'tick-to-bar')
    const bars = progress.find(({ name }) => name === 'persist-bars')
    if (!ticks) return
    const now = { read: ticks.read, atMs: performance.now() }
    const rate = before ? Math.max(0, ((now.read - before.read) * 1000) / (now.atMs - before.atMs)) : undefined
    before = now
    take({ rate, lag: ticks.lag, unsaved: bars?.lag })
  }
  const timer = setInterval(() => {
    if (asking) return
    asking = true
    // A server that just starts again: the next second tells.
    look()
      .catch(() => {})
      .finally(() => {
        asking = false
      })
  }, DRAW_MS)
  return () => clearInterval(timer)
}
