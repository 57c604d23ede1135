import type { Control } from '../../shared/adapters/nats/control.ts'
import type { Troubles } from '../../shared/runtime/trouble.ts'
import { Beats } from './beats.ts'

type Lease = { readonly holder: string; readonly at: number }

type Options = {
  readonly control: Control
  /** Stable name of this process: after a restart it takes its own leases at once. */
  readonly holder: string
  readonly functionName: string
  readonly readers: number
  /** How many processes are alive, this one included. */
  readonly alive: () => number
  readonly onTake: (lane: number) => void
  /** Resolves when the lane's call under way is over. */
  readonly onGive: (lane: number) => Promise<void>
  readonly troubles: Troubles
}

/**
 * Which lanes of a trigger this process delivers: at most its even share. A lease is economy, never the proof: should two deliver
 * one lane for a moment, the function's position fences one of them.
 */
export class Leases {
  readonly #options: Options
  /** Lanes held, and the revision of the lease. */
  readonly #held = new Map<number, number>()
  /** Lanes whose last call is still under way. */
  readonly #giving = new Set<number>()
  readonly #beats = new Beats()

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * Renews what is held, takes what is free or abandoned, gives up what is beyond the share. Called once a second; `at` is for people.
   * @returns whether the broker said what is held: false while it is away.
   */
  async turn(nowMs: number, at: number): Promise<boolean> {
    const { functionName, troubles } = this.#options
    const isDone = await troubles.watch(`leases of ${functionName}`, this.#turn(nowMs, at))
    // While the broker is away, what is held stays: nobody else can take it now, and what stayed the same meanwhile proves nothing.
    if (!isDone) this.#beats.forget()
    return isDone
  }

  holds(lane: number): boolean {
    return this.#held.has(lane)
  }

  /** Gives all back. */
  async release(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((lane) => this.#release(lane)))
  }

  async #turn(nowMs: number, at: number): Promise<void> {
    const { readers, alive } = this.#options
    const share = Math.ceil(readers / alive())
    await Promise.all([...this.#held].map(([lane, revision]) => this.#renew(lane, revision, at)))
    const beyond = [...this.#held.keys()].slice(share)
    // Not awaited: a call may take long, and the other leases have to be renewed meanwhile.
    for (const lane of beyond) void this.#release(lane)
    const missing = Array.from({ length: readers }, (_, lane) => lane).filter((lane) => !this.#held.has(lane) && !this.#giving.has(lane))
    const entries = await Promise.all(missing.map(async (lane) => ({ lane, found: await this.#read(lane) })))
    for (const { lane, found } of entries) {
      const isOther = found !== undefined && found.value.holder !== this.#options.holder
      const isAlive = isOther && this.#beats.note(String(lane), found.revision, nowMs)
      if (!isAlive && this.#held.size < share) await this.#take(lane, found?.revision, at)
    }
  }

  #key(lane: number): string {
    return `lease.${this.#options.functionName}.${lane}-of-${this.#options.readers}`
  }

  #read(lane: number) {
    return this.#options.control.get<Lease>(this.#key(lane))
  }

  async #take(lane: number, revision: number | undefined, at: number): Promise<void> {
    const { control, holder, onTake } = this.#options
    const value: Lease = { holder, at }
    const taken =
      revision === undefined ? await control.create(this.#key(lane), value) : await control.replace(this.#key(lane), value, revision)
    if (taken === undefined) return
    this.#held.set(lane, taken)
    onTake(lane)
  }

  async #renew(lane: number, revision: number, at: number): Promise<void> {
    const { control, holder } = this.#options
    const renewed = await control.replace(this.#key(lane), { holder, at } satisfies Lease, revision)
    if (renewed === undefined) void this.#release(lane)
    else if (this.#held.has(lane)) this.#held.set(lane, renewed)
  }

  async #release(lane: number): Promise<void> {
    const revision = this.#held.get(lane)!
    this.#held.delete(lane)
    this.#giving.add(lane)
    const { control, functionName, onGive, troubles } = this.#options
    await onGive(lane)
    // Where it is another's by now, nothing is removed.
    await troubles.watch(`giving back leases of ${functionName}`, control.remove(this.#key(lane), revision))
    this.#giving.delete(lane)
  }
}
