import { traceparentOf } from '../../shared/contract/traceparent.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { newTraceparent } from '../../shared/runtime/trace.ts'
import type { Invoke } from '../invoke.ts'
import type { LaneMetrics } from '../metrics.ts'
import { type Outcome, outcomeOf } from '../outcome.ts'
import { backoffMs } from './backoff.ts'
import type { Lane } from './lane.ts'
import type { Call, DeadMessage } from './step.ts'

type Options = {
  readonly lane: Lane
  /** The lane's number. */
  readonly number: number
  readonly functionName: string
  readonly invoke: Invoke
  readonly bury: (dead: DeadMessage, traceparent: string) => Promise<void>
  readonly metrics: LaneMetrics
  readonly log: Log
  /** The lane has to be placed anew. */
  readonly onSeek: () => void
  /** There may be room for more messages. */
  readonly onRoom: () => void
}

/** Does what a lane says, with the real clock, network and chance. */
export class Driver {
  readonly lane: Lane
  readonly number: number
  readonly #options: Options
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #stopped = false
  /** Why the last call is to be repeated, as told in the log. */
  #told: string | undefined
  /** W3C trace context of the last call. */
  #traceparent = ''
  /** Calls in a row that settled nothing. */
  #vain = 0

  constructor(options: Options) {
    this.lane = options.lane
    this.number = options.number
    this.#options = options
  }

  /** Asks the lane what to do, unless something is under way already. */
  pump(): void {
    if (this.#work || this.#stopped) return
    clearTimeout(this.#timer)
    const step = this.lane.next(performance.now())
    if (step.kind === 'call') this.#begin(this.#call(step.call))
    else if (step.kind === 'bury') this.#begin(this.#bury(step.dead))
    else if (step.kind === 'seek') this.#options.onSeek()
    else if (step.kind === 'wait') this.#timer = setTimeout(() => this.pump(), Math.ceil(step.ms))
  }

  /** Begins nothing more; resolves when the call under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#work
  }

  #begin(work: Promise<void>): void {
    this.#work = work.then(() => {
      this.#work = undefined
      this.pump()
      this.#options.onRoom()
    })
  }

  async #call(call: Call): Promise<void> {
    const { functionName, invoke, metrics } = this.#options
    const started = performance.now()
    this.#traceparent = traceparentOf(call.head) ?? newTraceparent()
    metrics.started()
    const outcome = outcomeOf(await invoke.batch(functionName, this.number, call, this.#traceparent))
    const ended = performance.now()
    metrics.ended(call, outcome, this.#vain + 1, (ended - started) / 1000)
    this.#vain = outcome.kind === 'retry' || outcome.kind === 'refused' ? this.#vain + 1 : 0
    this.#tell(call, outcome)
    this.lane.settle(outcome, ended, Math.random())
  }

  #tell({ head: { epoch, last, count } }: Call, outcome: Outcome): void {
    const { log, functionName } = this.#options
    const told = this.#told
    this.#told = outcome.kind === 'retry' ? outcome.cause : undefined
    // What is away is asked several times a second.
    if (outcome.kind === 'settled' || (told !== undefined && told === this.#told)) return
    const cause = outcome.kind === 'seek' ? { positions: outcome.positions } : { cause: outcome.cause }
    log.warn({ function: functionName, lane: this.number, traceparent: this.#traceparent, epoch, last, count, ...cause }, outcome.kind)
  }

  async #bury(dead: DeadMessage): Promise<void> {
    const { bury, log, functionName, metrics } = this.#options
    for (let tries = 0; !this.#stopped; tries++) {
      try {
        // The call that it was alone in.
        const traceparent = this.#traceparent
        await bury(dead, traceparent)
        log.error(
          { function: functionName, traceparent, subject: dead.subject, version: dead.mark.version, cause: dead.cause },
          'a message went to the dead letters',
        )
        metrics.buried()
        return this.lane.buried()
      } catch (error) {
        if (!(error instanceof RetryableError)) log.warn({ err: error }, 'the dead letters do not take a message')
        await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, Math.random())))
      }
    }
  }
}
