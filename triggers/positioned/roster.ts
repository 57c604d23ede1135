import type { Control } from '../../shared/adapters/nats/control.ts'
import type { Troubles } from '../../shared/runtime/trouble.ts'
import { Beats } from './beats.ts'

const KEY = 'triggers'

/** The trigger processes that share the work: each counts up its own number in one record, once a second. */
export class Roster {
  readonly #control: Control
  readonly #holder: string
  readonly #troubles: Troubles
  readonly #beats = new Beats()
  #alive = 1

  constructor(control: Control, holder: string, troubles: Troubles) {
    this.#control = control
    this.#holder = holder
    this.#troubles = troubles
  }

  /** How many processes are alive, this one included. */
  get alive(): number {
    return this.#alive
  }

  /** Shows that this process is alive and looks who else is. Called once a second. */
  async beat(nowMs: number): Promise<void> {
    if (!(await this.#troubles.watch('the roster of trigger processes', this.#beat(nowMs)))) this.#beats.forget()
  }

  /** Leaves at once, so that the others need not wait. */
  async leave(): Promise<void> {
    const found = await this.#control.get<Record<string, number>>(KEY)
    if (!found) return
    const { [this.#holder]: _, ...others } = found.value
    await this.#control.replace(KEY, others, found.revision)
  }

  async #beat(nowMs: number): Promise<void> {
    const found = await this.#control.get<Record<string, number>>(KEY)
    const others = Object.entries(found?.value ?? {}).filter(([holder]) => holder !== this.#holder)
    const alive = others.filter(([holder, count]) => this.#beats.note(holder, count, nowMs))
    this.#alive = alive.length + 1
    const next = { ...Object.fromEntries(alive), [this.#holder]: (found?.value[this.#holder] ?? 0) + 1 }
    // Where another was first, the next second does.
    if (found) await this.#control.replace(KEY, next, found.revision)
    else await this.#control.create(KEY, next)
  }
}
