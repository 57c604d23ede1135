import type { Control } from '../../shared/adapters/nats/control.ts'
import { instantText } from '../../shared/contract/scheduled.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { newTraceparent } from '../../shared/runtime/trace.ts'
import type { Troubles } from '../../shared/runtime/trouble.ts'
import { WaitingLine } from '../../shared/runtime/waiting-line.ts'
import { backoffMs } from '../positioned/backoff.ts'
import type { Clock } from './broker-clock.ts'
import { type CallInstant, verdictOf } from './call.ts'
import { letterOf } from './dead-letter.ts'
import type { ScheduleMetrics } from './metrics.ts'
import { called, type Ending, failedOnce, givenBack, over, type Run, recordKey, type ScheduleRecord } from './record.ts'
import type { Schedule } from './schedule.ts'

export type FlightDeps = {
  readonly control: Control
  readonly publisher: Publisher
  /** The name of this trigger process. */
  readonly holder: string
  readonly call: CallInstant
  readonly metrics: ScheduleMetrics
  readonly log: Log
  readonly troubles: Troubles
  readonly clock: Clock
}

const AWAY_MS = 500
const MOST_BACKOFF_MS = 10_000

/** Calls a function for instants that this process has claimed. */
export class Flights {
  readonly #deps: FlightDeps
  readonly #schedule: Schedule
  readonly #under = new Set<Promise<void>>()
  readonly #naps = new WaitingLine()
  #stopped = false

  constructor(deps: FlightDeps, schedule: Schedule) {
    this.#deps = deps
    this.#schedule = schedule
  }

  /** Calls for one instant until that is over, or it is another's. */
  async start(at: number): Promise<void> {
    const flight = this.#fly(at)
    this.#under.add(flight)
    await flight
    this.#under.delete(flight)
  }

  /** Repeats nothing more; resolves when the calls under way are over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#naps.wake()
    await Promise.all(this.#under)
  }

  async #fly(at: number): Promise<void> {
    const { holder, call, clock, metrics, log } = this.#deps
    const { functionName } = this.#schedule
    const traceparent = newTraceparent()
    for (let tries = 0; !this.#stopped; tries++) {
      const run = (await this.#write((record) => called(record, at, holder)))?.open.find((one) => one.at === at)
      if (!run) return
      metrics.called(functionName, (clock.now() - at) / 1000)
      const started = performance.now()
      const answer = await call(this.#schedule, run, traceparent)
      metrics.answered(functionName, (performance.now() - started) / 1000)
      const verdict = verdictOf(answer, run.failures)
      // First: an instant that is given up must be found again, whatever dies here.
      if (verdict.kind === 'failed') await this.#bury(run, { cause: verdict.cause, traceparent })
      if (verdict.kind !== 'again') {
        const ending = { ...verdict, at, calls: run.calls, endedAt: clock.now() }
        if (await this.#write((record) => over(record, holder, ending))) tellEnding(this.#deps, functionName, ending)
        return
      }
      const { cause, isFault, afterMs } = verdict
      log.warn(
        { function: functionName, instant: instantText(at), calls: run.calls, cause, traceparent },
        'a scheduled call is to be repeated',
      )
      metrics.repeated(functionName)
      if (isFault && !(await this.#write((record) => failedOnce(record, at, holder)))) return
      if (!this.#stopped) await this.#naps.join(Math.max(afterMs, backoffMs(tries, Math.random(), MOST_BACKOFF_MS)))
    }
    await this.#write((record) => givenBack(record, at, holder))
  }

  /** Writes the dead letter. One that was taken over meanwhile may yet succeed: then its letter tells too much. */
  async #bury(run: Run, why: { readonly cause: string; readonly traceparent: string }): Promise<void> {
    const { publisher, holder, control } = this.#deps
    await this.#untilDone(async () => {
      const found = await control.get<ScheduleRecord>(recordKey(this.#schedule.functionName))
      if (found?.value.open.some(({ at, holder: one }) => at === run.at && one === holder))
        await publisher.publishAll([letterOf(this.#schedule, run, why)])
    })
  }

  /** Changes the record. @returns what was written, or undefined where there is nothing to change. */
  #write(change: (record: ScheduleRecord) => ScheduleRecord | undefined): Promise<ScheduleRecord | undefined> {
    const { control } = this.#deps
    const key = recordKey(this.#schedule.functionName)
    return this.#untilDone(async () => {
      for (;;) {
        const found = await control.get<ScheduleRecord>(key)
        const next = found && change(found.value)
        if (!next || (await control.replace(key, next, found.revision)) !== undefined) return next
      }
    })
  }

  /** Does it again until it works, however long the broker is away. */
  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        this.#deps.troubles.failed(scheduleWords(this.#schedule.functionName), error)
        await this.#naps.join(AWAY_MS)
      }
    }
  }
}

/** How troubles of a schedule are named. */
export const scheduleWords = (functionName: string): string => `the schedule of ${functionName}`

/** Counts and logs what became of an instant. */
export function tellEnding({ metrics, log }: Pick<FlightDeps, 'metrics' | 'log'>, functionName: string, ending: Ending): void {
  metrics.ended(functionName, ending)
  const about = { function: functionName, ...ending, instant: instantText(ending.at) }
  if (ending.kind === 'done') log.debug(about, 'an instant is done')
  else if (ending.kind === 'failed') log.error(about, 'an instant has failed')
  else if (ending.kind === 'missed') log.warn(about, 'instants were missed and are let go')
  else log.warn(about, 'an instant came while a call was under way, and is let go')
}
