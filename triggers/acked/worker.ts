import type { Nats } from '../../shared/adapters/nats/connect.ts'
import type { Control } from '../../shared/adapters/nats/control.ts'
import { natsDurable } from '../../shared/adapters/nats/durable.ts'
import { natsStream } from '../../shared/adapters/nats/stream.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import type { Log } from '../../shared/runtime/log.ts'
import type { Troubles } from '../../shared/runtime/trouble.ts'
import type { Post } from '../invoke.ts'
import type { AckedMetrics } from '../metrics.ts'
import type { AckedTrigger } from '../trigger.ts'
import type { Content } from './content.ts'
import { Desk } from './desk.ts'
import { Driver } from './driver.ts'
import { Feed } from './feed.ts'
import { ensureConsumer, type Place, placeKey, readPlace } from './place.ts'

export type WorkerDeps = {
  readonly nats: Nats
  readonly control: Control
  readonly publisher: Publisher
  readonly invoke: Post
  readonly metrics: AckedMetrics
  readonly log: Log
  readonly troubles: Troubles
}

const LOOK_MS = 1000
/** A request of few messages costs as much as one of many; one of very many makes two processes share unevenly. */
const LEAST_REQUEST = 64
const MOST_REQUEST = 5000

/** Delivers one function's consumer, beside other processes that do the same or alone: reads, calls, answers, and tells where it stands. */
export class Worker {
  readonly #deps: WorkerDeps
  readonly #trigger: AckedTrigger
  readonly #listedMs: number
  readonly #desk: Desk<Content>
  readonly #driver: Driver
  readonly #feed: Feed
  readonly #stream
  readonly #durable
  readonly #timers: NodeJS.Timeout[]
  /** The broker's clock less this process's. */
  #aheadMs = performance.timeOrigin
  #told: string | undefined

  /** @param mayCall - whether calls may begin now. */
  static async open(deps: WorkerDeps, trigger: AckedTrigger, listedMs: number, mayCall: () => boolean): Promise<Worker> {
    return new Worker(deps, trigger, listedMs, mayCall, (await readPlace(deps.control, trigger))?.steady)
  }

  private constructor(deps: WorkerDeps, trigger: AckedTrigger, listedMs: number, mayCall: () => boolean, steady: number | undefined) {
    const { nats, metrics, log, invoke, publisher } = deps
    const { functionName, batch, concurrency, order, ackWaitMs } = trigger
    this.#deps = deps
    this.#trigger = trigger
    this.#listedMs = listedMs
    this.#stream = natsStream(nats, trigger.stream)
    this.#durable = natsDurable(nats, trigger.stream, `acked-${functionName}`)
    this.#desk = new Desk({ ...trigger, steady })
    this.#driver = new Driver({
      trigger,
      desk: this.#desk,
      invoke,
      publisher,
      metrics,
      log,
      brokerMs: () => performance.now() + this.#aheadMs,
      mayCall,
      say: (word, contents) => this.#feed.say(word, contents),
      onRoom: () => this.#feed.more(),
    })
    this.#feed = new Feed({
      nats,
      stream: trigger.stream,
      consumer: this.#durable.name,
      functionName,
      order,
      requestMessages: Math.min(Math.max(batch * concurrency, LEAST_REQUEST), MOST_REQUEST),
      desk: this.#desk,
      log,
      prepare: () => this.#prepare(),
      onChange: () => this.#driver.pump(),
      onReading: (isRead) => metrics.ready(isRead),
    })
    this.#timers = [
      setInterval(() => void deps.troubles.watch(`the look at ${trigger.stream} for ${functionName}`, this.#look()), LOOK_MS),
      setInterval(() => this.#feed.renew(performance.now()), ackWaitMs / 6),
    ]
  }

  /** Resolves when the calls under way are over, and the server knows of it. */
  async stop(): Promise<void> {
    await this.#feed.drain()
    await this.#driver.stop()
    for (const timer of this.#timers) clearInterval(timer)
    await this.#feed.stop()
    this.#deps.metrics.gone()
  }

  async #prepare(): Promise<void> {
    const { control } = this.#deps
    await ensureConsumer({ control, stream: this.#stream, durable: this.#durable }, this.#trigger, this.#listedMs)
    // What was sent to a process or a connection that is gone would come back only later, behind what follows it.
    if (this.#trigger.order.kind !== 'none') await this.#durable.reset()
    await this.#look()
  }

  /** Each second: where does the consumer stand, and how fast is the function? */
  async #look(): Promise<void> {
    const nowMs = performance.now()
    this.#desk.measure(nowMs)
    if (!this.#deps.nats.now()) return
    const [{ created, nowMs: brokerMs }, state] = await Promise.all([this.#stream.state(), this.#durable.state()])
    this.#aheadMs = brokerMs - performance.now()
    if (!state) return this.#feed.reopen('the consumer is gone')
    const { oldestMs } = this.#desk.held
    const lag = state.pending + state.unsettled
    this.#deps.metrics.stands(lag, oldestMs === undefined ? 0 : Math.max(0, brokerMs - oldestMs) / 1000)
    await this.#write({ created, floor: state.floor, steady: this.#desk.steady && Math.round(this.#desk.steady) }, lag)
  }

  async #write(place: Place, lag: number): Promise<void> {
    const text = JSON.stringify({ place, lag })
    if (text === this.#told) return
    const { control } = this.#deps
    const { functionName } = this.#trigger
    await control.put(placeKey(this.#trigger), place)
    await control.put(`progress.${functionName}.0-of-1`, { version: versionOf(1, place.floor), lag })
    this.#told = text
  }
}
