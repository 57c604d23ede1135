import type { BatchHead } from '../../shared/contract/batch.ts'
import type { Position } from '../../shared/domain/position.ts'
import type { Placement } from './step.ts'

type Place = Omit<Placement, 'slot'>

/** Where the slots of a lane stand. */
export class Places {
  readonly #slots: readonly number[]
  /** By slot; empty where the slot is another lane's. */
  readonly #places: Place[] = []

  constructor(slots: readonly number[]) {
    this.#slots = slots
  }

  set(placements: readonly Placement[]): void {
    for (const { slot, ...place } of placements) this.#places[slot] = place
  }

  /** Up to which version messages of this slot are applied. */
  read(slot: number): number {
    return this.#places[slot]!.read
  }

  /** The least version that all slots have applied; 0 before they are placed. */
  get applied(): number {
    return Math.min(...this.#slots.map((slot) => this.#places[slot]?.read ?? 0))
  }

  /** The greatest version that any slot has applied. */
  get furthest(): number {
    return Math.max(...this.#own().map(({ read }) => read))
  }

  /** Where those slots stand that have applied more than this. */
  beyond(version: number): Position[] {
    return this.#own().flatMap(({ read, ns }) => (read > version ? [{ version: read, ns }] : []))
  }

  /** Whether no slot has gone beyond its beginning, and that is here. */
  areNewAt(version: number): boolean {
    return this.#own().every(({ begin, read }) => begin && read === version)
  }

  areBehind(version: number): boolean {
    return this.#own().some(({ read }) => read < version)
  }

  /** What a batch that ends here covers: slots that stand below, and, for a quiet one, those that stand there. */
  covered(end: number, isQuiet: boolean): BatchHead['slots'] {
    const covered: BatchHead['slots'] = []
    for (const slot of this.#slots) {
      const { after, begin, read } = this.#places[slot]!
      if (read < end || (read === end && isQuiet)) covered.push([slot, after, begin ? 1 : 0])
    }
    return covered
  }

  /** A batch was applied: all that it covered stands at its end. */
  move({ slots, lastNs }: BatchHead, end: number): void {
    for (const [slot] of slots) this.#places[slot] = { after: end, begin: false, read: end, ns: lastNs }
  }

  #own(): Place[] {
    return this.#slots.map((slot) => this.#places[slot]!)
  }
}
