import type { BarSettings } from '../../shared/domain/bar-settings.ts'
import { contradict, type Position } from '../../shared/domain/position.ts'
import { SlotState } from '../../shared/domain/slot-state.ts'
import type { BarStore } from '../../shared/ports/bar-store.ts'

/** A slot in memory: its state, where it stands, and which commit it comes from. */
export type HeldSlot = { position: Position | null; token: string; readonly state: SlotState }

/** Told of bars that a stored slot still has to publish. */
type Leftovers = (slot: number, outbox: ReadonlyMap<string, Uint8Array>) => void

/**
 * The slots this process holds in memory. Memory is trusted only while it stands where a batch starts; the store checks position and token again
 * at the commit, so what is held can be old, but never be stored over something newer.
 */
export class Slots {
  readonly #store: BarStore
  readonly #settings: BarSettings
  readonly #leftovers: Leftovers
  readonly #held = new Map<number, HeldSlot>()
  readonly #turns = new Map<number, Promise<unknown>>()

  constructor(store: BarStore, settings: BarSettings, leftovers: Leftovers) {
    this.#store = store
    this.#settings = settings
    this.#leftovers = leftovers
  }

  /** Runs `work` alone on some slots: after all that was asked before for any of them. */
  alone<T>(slots: readonly number[], work: () => Promise<T>): Promise<T> {
    const before = Promise.all(slots.map((slot) => this.#turns.get(slot)))
    const result = before.then(work)
    const turn = result.catch(() => {})
    for (const slot of slots) this.#turns.set(slot, turn)
    return result
  }

  /** The slots, loaded unless all are held and stand at `after` (null: at no position) in the same life of the stream as `last`. */
  async at(slots: readonly number[], after: readonly (number | null)[], last: Position): Promise<HeldSlot[]> {
    const trusted = slots.every((slot, i) => {
      const held = this.#held.get(slot)
      return held !== undefined && (held.position?.version ?? null) === after[i] && !contradict(held.position, last)
    })
    if (!trusted) await this.#load(slots)
    return slots.map((slot) => this.#held.get(slot)!)
  }

  /** Forgets slots whose memory may differ from what is stored. */
  drop(slots: readonly number[]): void {
    for (const slot of slots) this.#held.delete(slot)
  }

  async #load(slots: readonly number[]): Promise<void> {
    const stored = await this.#store.load(slots)
    for (const [i, { position, token, fields, outbox }] of stored.entries()) {
      this.#held.set(slots[i]!, { position, token, state: SlotState.load(fields, this.#settings) })
      if (outbox.size > 0) this.#leftovers(slots[i]!, outbox)
    }
  }
}
