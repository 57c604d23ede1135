import type { Nats } from '../../shared/adapters/nats/connect.ts'
import type { StreamAccess } from '../../shared/adapters/nats/stream.ts'
import { openReading, type Reading } from '../../shared/adapters/nats/wire-reader.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { PositionedTrigger } from '../trigger.ts'
import { backoffMs } from './backoff.ts'
import { HeldLane, type LaneDeps } from './held-lane.ts'
import type { Lane } from './lane.ts'
import { placeLanes, type Reach } from './place.ts'
import { Sorter } from './sorter.ts'

export type ReaderDeps = LaneDeps & { readonly nats: Nats }

type Options = { readonly trigger: PositionedTrigger; readonly stream: StreamAccess; readonly slots: number }

const TICK_MS = 1000
const MOST_PAUSE_MS = 200
/** A request of few messages costs as much as one of many. */
const LEAST_REQUEST = 1000

/** Reads one stream for one function: one reading feeds all lanes that this process holds. */
export class Reader {
  readonly #deps: ReaderDeps
  readonly #options: Options
  readonly #sorter: Sorter
  readonly #held = new Map<number, HeldLane>()
  #again = Promise.withResolvers<string>()
  #reading: Reading | undefined
  #created: string | undefined
  #stopped = false
  readonly #ticker: NodeJS.Timeout
  readonly #running: Promise<void>

  constructor(deps: ReaderDeps, options: Options) {
    this.#deps = deps
    this.#options = options
    this.#sorter = new Sorter(options.slots)
    const look = `the look at ${options.stream.name} for ${options.trigger.functionName}`
    this.#ticker = setInterval(() => void deps.troubles.watch(look, this.#tick()), TICK_MS)
    this.#running = this.#run()
  }

  /** Begins to deliver a lane. */
  take(number: number): void {
    const onSeek = () => this.#again.resolve('a conflict')
    const onRoom = () => this.#reading?.more()
    this.#held.set(number, new HeldLane(this.#deps, { ...this.#options, number, onSeek, onRoom }))
    this.#again.resolve('a lane more')
  }

  /** Delivers a lane no longer; resolves when its call under way is over. */
  async give(number: number): Promise<void> {
    const held = this.#held.get(number)
    if (!held) return
    this.#held.delete(number)
    this.#sorter.give(this.#lanes())
    await held.stop()
    this.#reading?.more()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#ticker)
    this.#again.resolve('the end')
    await Promise.all([...this.#held.keys()].map((number) => this.give(number)))
    await this.#running
  }

  #lanes(): Lane[] {
    return [...this.#held.values()].map(({ lane }) => lane)
  }

  async #run(): Promise<void> {
    const { nats, log, metrics } = this.#deps
    const { functionName } = this.#options.trigger
    for (let failures = 0; !this.#stopped; ) {
      this.#again = Promise.withResolvers()
      const again = this.#again.promise
      if (this.#held.size === 0) {
        await again
        continue
      }
      try {
        await Promise.race([nats.there(), again])
        const reading = await this.#open()
        failures = 0
        const reason = await again
        reading.close()
        log.info({ function: functionName, reason }, 'reading begins anew')
        metrics.restarted(functionName)
      } catch (error) {
        if (failures % 20 === 0) log.warn({ err: error, function: functionName }, 'no reading yet')
        await new Promise((resolve) => setTimeout(resolve, Math.min(backoffMs(failures++, Math.random()), MOST_PAUSE_MS)))
      }
    }
  }

  async #open(): Promise<Reading> {
    const { nats } = this.#deps
    const { stream, trigger } = this.#options
    const again = this.#again
    let nowMs = 0
    const reading = await openReading(
      { nats, stream, consumer: this.#consumer(), requestMessages: Math.max(trigger.batch, LEAST_REQUEST) },
      {
        message: (message) => {
          if (nowMs === 0) nowMs = performance.now()
          this.#sorter.take(message, nowMs)
        },
        drained: () => {
          nowMs = 0
          this.#sorter.drained()
          for (const { driver } of this.#held.values()) driver.pump()
        },
        wantsMore: () => this.#lanes().every((lane) => lane.isPlaced && lane.wantsMore),
        lost: (reason) => again.resolve(reason),
      },
    )
    this.#reading = reading
    for (const { driver } of this.#held.values()) driver.pump()
    return reading
  }

  /** Places the lanes and makes the consumer that reads from the least of their places. */
  async #consumer(): Promise<string> {
    const { control, invoke, log, metrics } = this.#deps
    const { stream, trigger } = this.#options
    const lanes = this.#lanes()
    const alarm = (epochs: object) => {
      log.error({ stream: stream.name, ...epochs }, 'the stream was re-created or rewound: a new epoch begins')
      metrics.epochAlarm(stream.name)
    }
    // Until the reading begins, what the one before has seen must not move a lane that is placed anew.
    this.#sorter.begin([], [])
    const look = () => placeLanes({ stream, control, invoke, trigger, alarm }, lanes)
    for (let reach = await look(); ; ) {
      const consumer = await stream.consumer(reach.start, trigger.subjects)
      // A rewind between the look and the consumer is seen by neither: what holds once the consumer is there holds as long as it delivers.
      const again = await look()
      if (again.start === reach.start && again.state.created === reach.state.created) {
        this.#tellPurged(again)
        this.#created = again.state.created
        this.#sorter.begin(again.epochs.entries, lanes)
        return consumer
      }
      await stream.removeConsumer(consumer)
      reach = again
    }
  }

  #tellPurged({ state, start, unread }: Reach): void {
    const missing = state.first - start
    if (missing <= 0 || !unread) return
    const { functionName } = this.#options.trigger
    this.#deps.log.error({ function: functionName, start, first: state.first }, 'messages were dropped by the stream before they were read')
    this.#deps.metrics.purged(functionName, missing)
  }

  /** Each second: is the stream still the same, how far behind is each lane, and is there nothing left to read? */
  async #tick(): Promise<void> {
    const { stream, trigger } = this.#options
    const held = [...this.#held.values()]
    if (held.length === 0 || !this.#deps.nats.now()) return
    const before = held.map(({ lane }) => lane.seen.version)
    const created = this.#created
    const state = await stream.state()
    const isRewound = before.some((version) => Number.isFinite(version) && sequenceOf(version) > state.last)
    if (created !== undefined && created === this.#created && (isRewound || created !== state.created)) {
      return this.#again.resolve('the stream is not the one it was')
    }
    // Asked after the time was, so that all that is older than that time counts.
    const head = trigger.subjects.length === 0 ? state.last : await stream.lastOf(trigger.subjects)
    for (const one of held) one.tick(state, head)
  }
}
