import type { NatsConnection } from '@nats-io/transport-node'
import { natsConfig } from '../../shared/adapters/nats/config.ts'
import { connectNats } from '../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../shared/adapters/nats/control.ts'
import { natsStream } from '../../shared/adapters/nats/stream.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { tickSubject } from '../../shared/contract/subjects.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { Troubles } from '../../shared/runtime/trouble.ts'
import { watchBrake } from './brake-watch.ts'
import { SIMULATED_EXCHANGE } from './market/market.ts'
import { type FeedOptions, feedOptions, USAGE } from './options.ts'
import { type Pumped, pump } from './pump.ts'
import { replay } from './replay.ts'
import { RunRecord } from './run-record.ts'
import { scheduleOf } from './schedule.ts'
import { simulatedSource } from './simulator.ts'
import { newestStored } from './stored.ts'
import { TickPublisher } from './tick-publisher.ts'
import { storedAfter, unstored } from './unstored.ts'

const TWO_HOURS = 7_200_000
/** How long a feed told to stop waits for the acknowledgement of what it has sent. */
const LAST_ACK_MS = 5_000

type Replay = FeedOptions & { readonly kind: 'replay' }

const say = (line: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** A replay from where it is to begin; a run that was killed goes on behind what the stream has of it. */
async function replaySource(options: Replay, nc: NatsConnection, record: RunRecord | undefined, pumped: Pumped) {
  const mark = await record?.read()
  const next = mark?.next ?? options.from
  pumped.ticks = next - options.from
  const source = replay(options.tapes, next)
  if (!mark) {
    await record?.write(next)
    return source
  }
  const subjects = options.tapes.map(({ instrument: { exchange, symbol } }) => tickSubject(exchange, symbol))
  const stored = await storedAfter(nc, STREAMS.MARKET_TICKS.name, mark.seq, subjects)
  return unstored(source, stored, () => pumped.ticks++)
}

/** The source asked for, and when its ticks are due: recorded time from now on, simulated time by the clock. */
async function sourceOf(options: FeedOptions, nc: NatsConnection, record: RunRecord | undefined, pumped: Pumped) {
  if (options.kind === 'replay') {
    const schedule = (firstMs: number) => scheduleOf(options.speed, firstMs, Date.now())
    return { source: await replaySource(options, nc, record, pumped), schedule, span: {}, from: options.from }
  }
  const { seed, symbols, minutes } = options
  const nowMs = Date.now()
  const subjects = symbols.map((symbol) => tickSubject(SIMULATED_EXCHANGE, symbol))
  const stored = minutes === undefined ? await newestStored(nc, STREAMS.MARKET_TICKS.name, subjects) : new Map<string, number>()
  const oldestMs = Math.min(...subjects.map((subject) => stored.get(subject) ?? 0))
  const fromMs = minutes === undefined ? Math.max(nowMs - TWO_HOURS, oldestMs) : nowMs - minutes * 60_000
  const toMs = minutes === undefined ? Number.POSITIVE_INFINITY : nowMs
  return {
    source: simulatedSource({ seed, symbols, fromMs, toMs }, stored),
    schedule: () => (atMs: number) => atMs,
    span: { fromMs, toMs },
  }
}

async function feed(options: FeedOptions, signal: AbortSignal): Promise<void> {
  const troubles = new Troubles(createLog('feed'))
  const nats = connectNats(loadConfig(natsConfig), 'feed', troubles)
  const nc = await nats.connection
  const brake = await watchBrake(nc, STREAMS.MARKET_TICKS.name)
  const publisher = new TickPublisher(nc)
  const pumped: Pumped = { ticks: 0, messages: 0, firstMs: undefined, lastMs: undefined }
  const record =
    options.kind === 'replay' && options.run !== undefined
      ? new RunRecord(natsControl(nats), natsStream(nats, STREAMS.MARKET_TICKS.name), options.run)
      : undefined
  const { source, schedule, span, from } = await sourceOf(options, nc, record, pumped)
  // A record that cannot be written is older than it could be: more is read back then, and nothing is wrong.
  const onSettled = async () => record && troubles.watch('the record of this run', record.write((from ?? 0) + pumped.ticks))
  const startMs = performance.now()
  // Where a replay told to go on (`--from`) would begin.
  const next = () => (from === undefined ? {} : { next: from + pumped.ticks })
  let before = pumped.ticks
  const report = setInterval(() => {
    const slowed = publisher.trouble ?? brake.reason ?? null
    const { ticks, messages, lastMs } = pumped
    say({
      ticks,
      perSecond: ticks - before,
      messages,
      stored: publisher.stored,
      resent: publisher.resent,
      slowed,
      eventMs: lastMs ?? null,
      ...next(),
    })
    before = ticks
  }, 1_000)
  try {
    await pump(source, publisher, { schedule, burst: options.burst, brake, signal, pumped, onSettled })
    await record?.remove()
    const seconds = (performance.now() - startMs) / 1_000
    const { ticks, messages, firstMs, lastMs } = pumped
    say({
      done: true,
      ticks,
      messages,
      resent: publisher.resent,
      seconds,
      firstMs: firstMs ?? null,
      lastMs: lastMs ?? null,
      ...span,
      ...next(),
    })
  } finally {
    clearInterval(report)
    brake.close()
    publisher.close()
    await nats.close()
  }
}

/** Exit codes: 0 all is published and stored (or stopped by a signal so), 1 it is not, 2 the command line is wrong. */
async function main(): Promise<number> {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      stop.abort()
      setTimeout(() => {
        process.stderr.write(`feed: the last ticks were not acknowledged in ${LAST_ACK_MS} ms\n`)
        process.exit(1)
      }, LAST_ACK_MS).unref()
    })
  }
  let options: FeedOptions
  try {
    options = feedOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}\n`)
    return 2
  }
  try {
    await feed(options, stop.signal)
    return 0
  } catch (error) {
    process.stderr.write(`feed: ${error instanceof Error ? error.message : error}\n`)
    return 1
  }
}

process.exitCode = await main()
