import type { Position } from '../domain/position.ts'

/** A slot as it is stored. */
export type StoredSlot = {
  /** Null while nothing was ever committed: the slot begins empty. */
  readonly position: Position | null
  /** Names the commit that wrote it last; `''` while there was none. */
  readonly token: string
  readonly fields: ReadonlyMap<string, Uint8Array>
  /** Closed bars that may not have been published yet, by the token of the commit that wrote them. */
  readonly outbox: ReadonlyMap<string, Uint8Array>
}

/** What a commit changes in one slot. */
export type SlotCommit = {
  readonly slot: number
  /** The version it must stand at; `begin` allows it to have no position yet instead. */
  readonly after: number
  readonly begin: boolean
  /** The token the change was computed from. */
  readonly token: string
  readonly puts: readonly (readonly [string, Uint8Array])[]
  readonly deletes: readonly string[]
  /** Closed bars to publish. */
  readonly outbox: Uint8Array | null
  /** Outbox entries that have been published. */
  readonly published: readonly string[]
}

/** `stale`: the slots stand where they should, but were last written by another commit than the one the change was computed from: load them again. */
export type Committed = 'applied' | 'repeat' | 'conflict' | 'stale'

/**
 * Keeps the state of bars by slot, with its position. A commit moves all its slots or none.
 * All of it throws RetryableError ERR_UNAVAILABLE while the store is away; whether a commit that threw was done is then unknown.
 */
export interface BarStore {
  positions(): Promise<(Position | null)[]>
  load(slots: readonly number[]): Promise<StoredSlot[]>
  /**
   * Decides by {@link fence} over all slots; if it says `apply` and the tokens agree, writes everything and moves them to `position`.
   * @param token - a name that no other commit ever has.
   */
  commit(position: Position, token: string, slots: readonly SlotCommit[]): Promise<Committed>
}
