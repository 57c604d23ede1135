import type { BatchHead, Positions } from '../../shared/contract/batch.ts'
import type { Mark } from './mark.ts'

export type LaneOptions = {
  readonly stream: string
  /** Most messages a batch. */
  readonly batch: number
  /** Most bytes of messages a batch, but for a single message that is larger. */
  readonly maxBytes: number
  /** How long a message may wait for others. */
  readonly waitMs: number
}

/**
 * Where one slot stands. `after` is the version that the function has stored (or the recorded beginning, where `begin`);
 * `read` is the same place in the epochs of the stream as it is now: messages up to it are not taken again. `read >= after`.
 * `ns` is the broker's time of the message at `read`, `'0'` where it is not known.
 */
export type Placement = {
  readonly slot: number
  readonly after: number
  readonly begin: boolean
  readonly read: number
  readonly ns: string
}

/** One call: its head and its lines. */
export type Call = { readonly head: BatchHead; readonly lines: Uint8Array }

/** What to do now. */
export type Step =
  | { readonly kind: 'call'; readonly call: Call }
  /** Nothing before that many ms, unless something new comes. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'idle' }
  /** Find out where these positions are in the stream, and call {@link Lane.place}. */
  | { readonly kind: 'seek'; readonly positions: Positions }
  /** Publish this message to the dead letters, acknowledged, then call {@link Lane.buried}. */
  | { readonly kind: 'bury'; readonly dead: DeadMessage }

/** A message that the function refuses for good. `line` is its payload as it was sent. */
export type DeadMessage = {
  readonly mark: Mark
  readonly subject: string
  readonly line: Uint8Array
  readonly attempts: number
  readonly cause: string
}
