import type { Entry } from '../../shared/adapters/nats/control.ts'
import { WaitingLine } from '../../shared/runtime/waiting-line.ts'
import { Beats } from '../positioned/beats.ts'
import { changed } from './changed.ts'
import { type FlightDeps, Flights, scheduleWords, tellEnding } from './flights.ts'
import { instantsIn, instantsOf, scheduleText } from './instants.ts'
import { beaten, type Run, recordFor, recordKey, type ScheduleRecord } from './record.ts'
import type { Schedule } from './schedule.ts'
import { turn } from './turn.ts'

const BEAT_MS = 1000
const AWAY_MS = 500
/** A clock that is put right, or a machine that slept, is noticed so soon. */
const MOST_NAP_MS = 10_000
/** After so long without a look this process has not watched. */
const GAP_MS = MOST_NAP_MS + 5000
/** A list that was asked for before may come after: the second one is newer than what was found. */
const CONFIRMATIONS = 2

/**
 * Calls one function by its schedule, for as long as it runs, beside other processes that do the same. Every decision is written down before
 * it is acted on: whoever dies, another goes on from the record.
 */
export class Runner {
  readonly #deps: FlightDeps
  readonly #schedule: Schedule
  readonly #key: string
  readonly #instants
  readonly #flights: Flights
  /** Instants that this process works on, by this schedule of the function or by the one before it. */
  readonly #underway: Set<number>
  readonly #naps = new WaitingLine()
  readonly #beats = new Beats()
  readonly #running: Promise<void>
  /** The record as this process saw it last, under its own schedule: if the bucket is lost, it is written again. */
  #known: ScheduleRecord | undefined
  /** How often the gateway has listed this schedule since the record was found under another. */
  #confirmations: number | undefined
  #beatenAt = 0
  #watchedSince = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  #isPoked = false
  #stopped = false

  constructor(deps: FlightDeps, schedule: Schedule, underway: Set<number>) {
    this.#deps = deps
    this.#schedule = schedule
    this.#key = recordKey(schedule.functionName)
    this.#instants = instantsOf(schedule.expression, schedule.timeZone)
    this.#flights = new Flights(deps, schedule)
    this.#underway = underway
    this.#running = this.#run()
  }

  /** Claims nothing more; resolves when the calls under way are over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#naps.wake()
    await this.#running
    await this.#flights.stop()
  }

  async #run(): Promise<void> {
    const { troubles, clock } = this.#deps
    while (!this.#stopped) {
      this.#isPoked = false
      let lookAtMs: number | undefined
      const look = async () => {
        lookAtMs = await this.#look()
      }
      const worked = await troubles.watch(scheduleWords(this.#schedule.functionName), look())
      // While the bucket is away nobody can show that he lives.
      if (!worked) this.#beats.forget()
      const napMs = worked ? Math.min((lookAtMs ?? Number.POSITIVE_INFINITY) - clock.now(), MOST_NAP_MS) : AWAY_MS
      if (!this.#stopped && !this.#isPoked && napMs > 0) await this.#naps.join(napMs)
    }
  }

  /** Decides what is due and writes it down. @returns when to look again. */
  async #look(): Promise<number | undefined> {
    const { control, holder, clock, metrics } = this.#deps
    const { functionName, expression, timeZone } = this.#schedule
    const of = scheduleText(expression, timeZone)
    await clock.sync()
    const found = await control.get<ScheduleRecord>(this.#key)
    const nowMs = clock.now()
    const before = recordFor(of, found?.value ?? this.#known, nowMs)
    if (before.of !== of && this.#known && (this.#confirmations ?? 0) < CONFIRMATIONS) return this.#standBy(found)
    const alive = this.#aliveIn(before)
    const isGone = (run: Run) => run.holder === null || (run.holder === holder ? !this.#underway.has(run.at) : !alive.has(run.holder))
    const watchedSince = nowMs - this.#lookedAt > GAP_MS ? nowMs : this.#watchedSince
    const view = { nowMs, holder, watchedSince, isGone }
    const { record, claimed, passed, lookAtMs } =
      before.of === of
        ? turn(before, this.#instants, this.#schedule, view)
        : changed(before, { of, old: instantsIn(before.of), next: this.#instants }, this.#schedule, view)
    const isBeat = performance.now() - this.#beatenAt >= BEAT_MS
    const next = isBeat ? beaten(record, holder, (at) => this.#underway.has(at)) : record
    // Before they are written: else a runner of the function's next schedule could read a claim that nobody seems to work on.
    const fresh = claimed.filter((at) => !this.#underway.has(at))
    for (const at of fresh) this.#underway.add(at)
    let isWritten = next === found?.value
    try {
      isWritten ||= await this.#write(next, found?.revision)
    } finally {
      if (!isWritten) for (const at of fresh) this.#underway.delete(at)
    }
    // Another was first: what is left to do is seen at once.
    if (!isWritten) return nowMs
    if (!found && this.#known) this.#deps.log.warn({ function: functionName }, 'the record of a schedule was lost, and is written again')
    this.#known = next
    this.#confirmations = undefined
    this.#watchedSince = watchedSince
    this.#lookedAt = nowMs
    if (found && next.until < found.value.until)
      this.#deps.log.warn({ function: functionName }, "the broker's clock went back by more than an hour: instants may be called again")
    if (isBeat) this.#beatenAt = performance.now()
    for (const ending of passed) tellEnding(this.#deps, functionName, ending)
    for (const at of claimed) void this.#start(at)
    metrics.stands(functionName, this.#instants.next(nowMs), next.open.length, next.waiting.length)
    return lookAtMs
  }

  /** Writes the record over the one it was made from; false where that is not the newest. */
  async #write(record: ScheduleRecord, revision: number | undefined): Promise<boolean> {
    const { control } = this.#deps
    const written = revision === undefined ? control.create(this.#key, record) : control.replace(this.#key, record, revision)
    return (await written) !== undefined
  }

  /**
   * Another process has gone over to another schedule: then this one's annotations are old, and it will hear so; or the other's are. Until
   * that is known it only shows that it lives: going to and fro would let instants go.
   */
  async #standBy(found: Entry<ScheduleRecord> | undefined): Promise<number> {
    const { control, holder, clock } = this.#deps
    this.#confirmations ??= 0
    const isBeat = performance.now() - this.#beatenAt >= BEAT_MS
    const next = found && isBeat ? beaten(found.value, holder, (at) => this.#underway.has(at)) : found?.value
    if (found && next !== found.value) await control.replace(this.#key, next, found.revision)
    if (isBeat) this.#beatenAt = performance.now()
    return clock.now() + BEAT_MS
  }

  /** The gateway lists this schedule still. */
  confirm(): void {
    if (this.#confirmations !== undefined) this.#confirmations++
  }

  /** The other holders that have given a sign of life lately. */
  #aliveIn({ open }: ScheduleRecord): Set<string> {
    const signs = new Map<string, number>()
    for (const { holder, at, beat } of open) {
      if (holder !== null && holder !== this.#deps.holder) signs.set(holder, (signs.get(holder) ?? 0) + at + beat)
    }
    return new Set([...signs].filter(([holder, sign]) => this.#beats.note(holder, sign, performance.now())).map(([holder]) => holder))
  }

  async #start(at: number): Promise<void> {
    await this.#flights.start(at)
    this.#underway.delete(at)
    // There is room now.
    this.#isPoked = true
    this.#naps.wake()
  }
}
