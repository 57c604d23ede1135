import type { Control } from '../../shared/adapters/nats/control.ts'
import type { StreamAccess, StreamState } from '../../shared/adapters/nats/stream.ts'
import { slotsOfReader } from '../../shared/domain/slot.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import type { Log } from '../../shared/runtime/log.ts'
import type { Troubles } from '../../shared/runtime/trouble.ts'
import type { Invoke } from '../invoke.ts'
import type { LaneMetrics, TriggerMetrics } from '../metrics.ts'
import type { PositionedTrigger } from '../trigger.ts'
import { bury } from './dead-letter.ts'
import { Driver } from './driver.ts'
import { Lane } from './lane.ts'

export type LaneDeps = {
  readonly control: Control
  readonly publisher: Publisher
  readonly invoke: Invoke
  readonly metrics: TriggerMetrics
  readonly log: Log
  readonly troubles: Troubles
}

type Options = {
  readonly number: number
  readonly trigger: PositionedTrigger
  readonly stream: StreamAccess
  readonly slots: number
  /** The lane has to be placed anew. */
  readonly onSeek: () => void
  /** There may be room for more messages. */
  readonly onRoom: () => void
}

/** A lane that stands still says so every so many seconds: silence is what tells a reader that is gone from one that is slow (sources/brake.ts). */
const RETELL_SECONDS = 10

/** A lane that this process delivers, with what drives it and what tells of it. */
export class HeldLane {
  readonly lane: Lane
  readonly driver: Driver
  readonly #control: Control
  readonly #metrics: LaneMetrics
  readonly #quiet: boolean
  readonly #functionName: string
  readonly #progressKey: string
  readonly #troubles: Troubles
  #halvings = 0
  #told = 0
  #silentSeconds = 0

  constructor(
    { control, publisher, invoke, metrics, log, troubles }: LaneDeps,
    { number, trigger, stream, slots, onSeek, onRoom }: Options,
  ) {
    const { functionName, readers, batch, maxBytes, waitMs, quiet } = trigger
    const name = `${number}-of-${readers}`
    this.#control = control
    this.#quiet = quiet
    this.#functionName = functionName
    this.#troubles = troubles
    this.#progressKey = `progress.${functionName}.${name}`
    this.#metrics = metrics.lane(functionName, name)
    this.lane = new Lane(slotsOfReader(number, readers, slots), { stream: stream.name, batch, maxBytes, waitMs })
    this.driver = new Driver({
      lane: this.lane,
      number,
      functionName,
      invoke,
      metrics: this.#metrics,
      log,
      bury: (dead, traceparent) => bury(publisher, stream, functionName, dead, traceparent),
      onSeek,
      onRoom,
    })
  }

  /** Each second: tells where it stands, and lets an idle lane catch up with what it has seen. @param head - the newest message that it could get. */
  tick(state: StreamState, head: number): void {
    const { lane } = this
    this.#metrics.ready(lane.isPlaced)
    if (!lane.isPlaced) return
    const lag = Math.max(0, head - sequenceOf(lane.applied))
    const { oldestMs } = lane.held
    this.#metrics.stands(lag, oldestMs === undefined ? 0 : Math.max(0, state.nowMs - oldestMs) / 1000)
    this.#metrics.halved(lane.halvings - this.#halvings)
    this.#halvings = lane.halvings
    const isAtHead = sequenceOf(lane.seen.version) >= head
    lane.rest(this.#quiet && isAtHead ? state.nowMs : undefined, state.last)
    this.driver.pump()
    if (lane.applied === this.#told && ++this.#silentSeconds < RETELL_SECONDS) return
    this.#told = lane.applied
    this.#silentSeconds = 0
    const written = this.#control.put(this.#progressKey, { version: lane.applied, lag })
    void this.#troubles.watch(`progress of ${this.#functionName}`, written)
  }

  /** Resolves when the call under way is over; none follows. */
  async stop(): Promise<void> {
    await this.driver.stop()
    this.#metrics.gone()
  }
}
