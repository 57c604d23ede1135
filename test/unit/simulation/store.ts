import { fence, type Position } from '../../../shared/domain/position.ts'
import type { BarStore, Committed, SlotCommit, StoredSlot } from '../../../shared/ports/bar-store.ts'
import { type Carried, show } from './ledger.ts'
import { currentContext } from './time.ts'
import type { Process, Wire } from './wire.ts'

/** A slot as it is kept; never changed, so that a snapshot is a list of them. */
export type Kept = StoredSlot & { readonly lineage: Lineage | null }
/** The messages that led to a slot's state, the last batch of them first. */
type Lineage = { readonly before: Lineage | null; readonly messages: readonly Carried[] }

const EMPTY: Kept = { position: null, token: '', fields: new Map(), outbox: new Map(), lineage: null }

/** The messages of a lineage, in order. */
export function messagesOf(lineage: Lineage | null): Carried[] {
  const batches: (readonly Carried[])[] = []
  for (let at = lineage; at; at = at.before) batches.push(at.messages)
  return batches.reverse().flat()
}

type Told = {
  /** Something is applied, with the body of the batch it comes from. @returns the messages of each slot that moves. */
  readonly applied: (body: Uint8Array, commits: readonly SlotCommit[]) => readonly (readonly Carried[])[]
  readonly decided: (decision: Committed) => void
}

/** The state of bars: what advance-bars.lua does, as one step, and what can befall a store. */
export class Store {
  slots: readonly Kept[]
  readonly #told: Told

  constructor(slots: number, told: Told) {
    this.#told = told
    this.slots = Array.from({ length: slots }, () => EMPTY)
  }

  empty(): void {
    this.slots = this.slots.map(() => EMPTY)
  }

  load(slots: readonly number[]): StoredSlot[] {
    return slots.map((slot) => {
      const { position, token, fields, outbox } = this.slots[slot]!
      return { position, token, fields, outbox }
    })
  }

  /** @param body - the batch that the commit comes from. */
  commit(position: Position, token: string, commits: readonly SlotCommit[], body: Uint8Array): Committed {
    const decision = this.decide(position, commits)
    this.#told.decided(decision)
    if (decision === 'applied') this.write(position, token, commits, body)
    return decision
  }

  protected decide(position: Position, commits: readonly SlotCommit[]): Committed {
    const kept = commits.map(({ slot }) => this.slots[slot]!)
    const decision = fence(
      kept.map(({ position }) => position),
      commits.map(({ after }) => after),
      commits.map(({ begin }) => begin),
      position,
    )
    if (decision !== 'apply') return decision
    return commits.some((commit, i) => commit.token !== kept[i]!.token) ? 'stale' : 'applied'
  }

  protected write(position: Position, token: string, commits: readonly SlotCommit[], body: Uint8Array): void {
    const slots = [...this.slots]
    const messages = this.#told.applied(body, commits)
    for (const [i, { slot, puts, deletes, outbox, published }] of commits.entries()) {
      const kept = slots[slot]!
      const fields = new Map(kept.fields)
      for (const field of deletes) fields.delete(field)
      for (const [field, bytes] of puts) fields.set(field, bytes)
      const entries = new Map(kept.outbox)
      for (const entry of published) entries.delete(entry)
      if (outbox) entries.set(token, outbox)
      const lineage = messages[i]!.length === 0 ? kept.lineage : { before: kept.lineage, messages: messages[i]! }
      slots[slot] = { position, token, fields, outbox: entries, lineage }
    }
    this.slots = slots
  }
}

/** The store as one process reaches it. */
export function storePort(store: Store, wire: Wire, process: Process): BarStore {
  return {
    positions: () => wire.call(process, 'store', 'positions', () => store.slots.map(({ position }) => position)),
    load: (slots) => wire.call(process, 'store', 'load', () => store.load(slots)),
    commit(position, token, commits) {
      const body = currentContext()!.work as Uint8Array
      const what = `commit ${commits.map(({ slot }) => slot)} to ${show(position.version)}`
      return wire.call(process, 'store', what, () => store.commit(position, token, commits, body))
    },
  }
}
