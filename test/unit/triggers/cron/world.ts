import { instantText } from '../../../../shared/contract/scheduled.ts'
import type { Outgoing } from '../../../../shared/ports/publisher.ts'
import { createMetrics } from '../../../../shared/runtime/metrics.ts'
import { Troubles } from '../../../../shared/runtime/trouble.ts'
import { BrokerClock } from '../../../../triggers/cron/broker-clock.ts'
import { instantsIn } from '../../../../triggers/cron/instants.ts'
import { scheduleMetrics } from '../../../../triggers/cron/metrics.ts'
import { recordKey, type ScheduleRecord } from '../../../../triggers/cron/record.ts'
import { Runner } from '../../../../triggers/cron/runner.ts'
import type { Schedule } from '../../../../triggers/cron/schedule.ts'
import type { Answer } from '../../../../triggers/outcome.ts'
import { Bucket } from '../../simulation/broker.ts'
import type { Tape } from '../../simulation/tape.ts'
import { runAs, Time } from '../../simulation/time.ts'
import { controlPort } from '../../simulation/trigger-process.ts'
import { Process, Wire } from '../../simulation/wire.ts'

const silent = () => {}
const log = { debug: silent, info: silent, warn: silent, error: silent }
const metrics = scheduleMetrics(createMetrics('simulation'))

/** One call on its way: delivered, then worked on by the function, then answered. */
export type Flight = {
  readonly at: number
  readonly attempt: number
  readonly caller: Process
  readonly answer: (answer: Answer) => void
  state: 'sent' | 'worked on' | 'over'
}

/** What the rules say must never be. */
export class Broken extends Error {}

/** Checks every change of the record as it is written. */
class WatchedBucket extends Bucket {
  /** When the schedule began. */
  beganMs = Number.NaN
  /** Instants whose dead letters were written. */
  readonly buried = new Set<string>()

  override put(key: string, value: unknown): number {
    const before = this.get<ScheduleRecord>(key)?.value
    if (before) this.#check(before, value as ScheduleRecord)
    else this.beganMs = (value as ScheduleRecord).until
    return super.put(key, value)
  }

  /** No instant is decided twice, and none that is decided vanishes. */
  #check(before: ScheduleRecord, after: ScheduleRecord): void {
    if (after.until < before.until) throw new Broken(`decided again from ${after.until} on`)
    const known = new Set([...before.waiting, ...before.open.map(({ at }) => at)])
    const kept = [...after.waiting, ...after.open.map(({ at }) => at)]
    const told = new Set(before.ended.map((ending) => JSON.stringify(ending)))
    const fresh = after.ended.filter(
      (ending) => !told.has(JSON.stringify(ending)) && (ending.kind === 'missed' || ending.kind === 'overlapped'),
    )
    const taken = kept.filter((at) => !known.has(at))
    const letGo = fresh.reduce((sum, ending) => sum + ('count' in ending ? ending.count : 0), 0)
    const due = instantsIn(before.of)!.count(before.until, after.until, 10_000)
    if (taken.length + letGo !== due) throw new Broken(`${due} instants were due, ${taken.length} taken, ${letGo} let go`)
    const lost = [...known].filter((at) => !kept.includes(at) && !after.ended.some((ending) => ending.at === at))
    if (lost.length > 0) throw new Broken(`instants ${lost} vanished`)
    const silent = after.ended.filter(({ kind, at }) => kind === 'failed' && !this.buried.has(instantText(at)))
    if (silent.length > 0) throw new Broken(`failed without a dead letter: ${JSON.stringify(silent)}`)
  }
}

/** Trigger processes, the bucket, and one function that they call each ten seconds. */
export class World {
  readonly tape: Tape
  /** What the gateway lists now. A change takes nothing away and adds instants in between, or the other way round. */
  schedule: Schedule
  readonly time = new Time()
  readonly wire = new Wire()
  readonly bucket = new WatchedBucket()
  readonly beganMs = Date.UTC(2026, 0, 31, 12, 0, 3)
  readonly processes: Process[] = []
  readonly flights: Flight[] = []
  /** Instants that the function has begun and ended, in order. */
  readonly worked: { readonly at: number; readonly what: 'begun' | 'ended' }[] = []
  readonly trace: string[] = []
  /** Whether anything has happened after which a call may be repeated. */
  isTroubled = false
  readonly #running = new Map<Process, { readonly runner: Runner; readonly of: Schedule; readonly begin: (schedule: Schedule) => Runner }>()
  #skippedMs = 0

  constructor(tape: Tape, policies: Pick<Schedule, 'missed' | 'overlap'>) {
    this.tape = tape
    this.schedule = { functionName: 'f', expression: '*/10 * * * * *', timeZone: 'UTC', path: '/', ...policies }
  }

  /** The true time. */
  get nowMs(): number {
    return Math.floor(this.beganMs + this.time.nowMs - 1000 + this.#skippedMs)
  }

  get record(): ScheduleRecord | undefined {
    return this.bucket.get<ScheduleRecord>(recordKey('f'))?.value
  }

  /** Time in which nobody does anything. */
  skip(ms: number): void {
    this.#skippedMs += ms
  }

  /** @param skewMs - how far this process's clock is ahead. */
  start(name: string, skewMs: number): void {
    const process = new Process(name)
    this.processes.push(process)
    this.trace.push(`${name} starts, ${skewMs} ms ahead`)
    const control = controlPort(this.bucket, this.wire, process)
    const call = (_: unknown, { at, calls: attempt }: { readonly at: number; readonly calls: number }) =>
      new Promise<Answer>((answer) => {
        if (process.isAlive) this.flights.push({ at, attempt, caller: process, answer, state: 'sent' })
      })
    const bury = (letters: readonly Outgoing[]) => {
      for (const { headers } of letters) this.bucket.buried.add(instantText(Date.parse(headers!['Dlq-Instant']!)))
    }
    const publisher = {
      publishAll: (letters: readonly Outgoing[]) => this.wire.call(process, 'broker', 'dead letters', () => bury(letters)),
      tell: silent,
    }
    const ask = () => this.wire.call(process, 'broker', 'time', () => this.nowMs)
    const clock = new BrokerClock({ ask, own: () => this.nowMs + skewMs, onAhead: silent, log })
    const deps = { control, publisher, holder: name, call, metrics, log, troubles: new Troubles(log), clock }
    const underway = new Set<number>()
    const begin = (schedule: Schedule) => new Runner(deps, schedule, underway)
    this.#running.set(process, { runner: runAs({ process }, () => begin(this.schedule)), of: this.schedule, begin })
  }

  /** The function is deployed with another schedule. */
  change(): void {
    const expression = this.schedule.expression === '*/10 * * * * *' ? '*/5 * * * * *' : '*/10 * * * * *'
    this.schedule = { ...this.schedule, expression }
    this.trace.push(`the schedule is changed to ${expression}`)
  }

  /** A process asks the gateway for its functions. */
  hear(process: Process): void {
    const { schedule } = this
    const { runner, of, begin } = this.#running.get(process)!
    if (of === schedule) {
      runner.confirm()
      return
    }
    this.trace.push(`${process.name} hears of ${schedule.expression}`)
    runAs({ process }, () => {
      void runner.stop()
      this.#running.set(process, { runner: begin(schedule), of: schedule, begin })
    })
  }

  /** Kill -9. What it had sent may still arrive. */
  kill(process: Process): void {
    this.isTroubled = true
    this.trace.push(`${process.name} is killed`)
    process.isAlive = false
    process.isPaused = false
    this.processes.splice(this.processes.indexOf(process), 1)
    this.wire.cut(process, () => this.tape.chance(50))
  }
}
