import type { ControlKeys } from '../../shared/adapters/nats/control.ts'
import { changesOf, type Listed } from '../watch.ts'
import type { FlightDeps } from './flights.ts'
import { recordKey } from './record.ts'
import { Runner } from './runner.ts'
import type { Schedule } from './schedule.ts'

/** A function that comes back within this time goes on with its record; after it the record is deleted, and the function begins anew. */
const ABSENT_MS = 60_000

type One = { readonly schedule: Schedule; readonly runner: Runner }

/** All schedules that this process runs. */
export class Schedules {
  readonly #deps: FlightDeps & { readonly control: ControlKeys }
  readonly #running = new Map<string, One>()
  readonly #ending = new Set<Promise<void>>()
  /** Instants that are being called, by function. */
  readonly #underway = new Map<string, Set<number>>()
  /** Functions that have a record and no schedule, and since when. Undefined until the records were looked through. */
  #absent: Map<string, number> | undefined
  #stopped = false

  constructor(deps: FlightDeps & { readonly control: ControlKeys }) {
    this.#deps = deps
  }

  /** Runs what the gateway lists, and nothing else. */
  apply(listed: readonly Listed[]): void {
    if (this.#stopped) return
    const wanted = listed.flatMap(({ schedule }) => schedule ?? [])
    const { stop, start } = changesOf(new Map([...this.#running].map(([name, { schedule }]) => [name, schedule])), wanted)
    for (const name of stop) this.#end(name)
    for (const { runner } of this.#running.values()) runner.confirm()
    for (const schedule of start) this.#begin(schedule)
  }

  /** Deletes the records of functions that have had no schedule for a while. Called after {@link apply}, while the bucket is there. */
  async forget(listed: readonly Listed[]): Promise<void> {
    await this.#deps.troubles.watch('forgetting schedules that are gone', this.#forget(listed))
  }

  /** Resolves when all calls under way are over. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const name of [...this.#running.keys()]) this.#end(name)
    await Promise.all(this.#ending)
  }

  #begin(schedule: Schedule): void {
    const { functionName } = schedule
    this.#deps.log.info(schedule, 'a schedule begins')
    const underway = this.#underway.get(functionName) ?? new Set()
    this.#underway.set(functionName, underway)
    this.#running.set(functionName, { schedule, runner: new Runner(this.#deps, schedule, underway) })
  }

  #end(name: string): void {
    const { runner } = this.#running.get(name)!
    this.#running.delete(name)
    const ended = runner.stop().then(() => {
      this.#ending.delete(ended)
      if (!this.#running.has(name)) this.#deps.metrics.gone(name)
      this.#deps.log.info({ function: name }, 'a schedule ended')
    })
    this.#ending.add(ended)
  }

  async #forget(listed: readonly Listed[]): Promise<void> {
    const { control, log } = this.#deps
    // One that is not understood just now is not gone.
    const present = new Set(listed.flatMap(({ name, schedule, problem }) => (schedule || problem !== undefined ? [name] : [])))
    const known = this.#absent ? [...this.#absent.keys(), ...this.#underway.keys()] : (await control.keys([recordKey('*')])).map(nameIn)
    const since = this.#absent ?? new Map<string, number>()
    const nowMs = performance.now()
    this.#absent = new Map(known.filter((name) => !present.has(name)).map((name) => [name, since.get(name) ?? nowMs]))
    for (const [name, sinceMs] of this.#absent) {
      if (nowMs - sinceMs < ABSENT_MS) continue
      const key = recordKey(name)
      const found = await control.get(key)
      if (found) await control.remove(key, found.revision)
      log.info({ function: name }, 'the record of a schedule that is gone is deleted')
      this.#absent.delete(name)
      this.#underway.delete(name)
    }
  }
}

const nameIn = (key: string): string => key.slice(recordKey('').length)
