import type { Failure } from '../../shared/contract/acked.ts'

/** How messages are to be delivered: what the annotations say. */
export type Rules = {
  /** Most messages a call, and most bytes, but for a single message that is larger. */
  readonly batch: number
  readonly maxBytes: number
  /** How long a message may wait for others. */
  readonly waitMs: number
  /** Most calls at once. */
  readonly concurrency: number
  readonly maxAttempts: number
  readonly maxAgeMs: number | undefined
  /** The first pause before a message is tried again; it doubles up to the most. */
  readonly backoffMs: number
  readonly backoffMostMs: number
}

/** What a call came to. */
export type Outcome =
  | { readonly kind: 'done' }
  /** Done but for these. */
  | { readonly kind: 'partly'; readonly failures: readonly Failure[] }
  /** Refused for good: a message in it is at fault. */
  | { readonly kind: 'refused'; readonly cause: string }
  /** Failed, perhaps for now: counts as an attempt. */
  | { readonly kind: 'failed'; readonly afterMs: number; readonly cause: string }
  /**
   * The function could not be asked. Counts only where `suspect` (the call was broken off, not turned away) and others get through meanwhile:
   * then it is the message's doing.
   */
  | { readonly kind: 'away'; readonly afterMs: number; readonly cause: string; readonly suspect: boolean }

/** A message as it came, and whatever its driver knows it by. */
export type Arrival<C> = {
  readonly sequence: number
  /** The broker's time: whole ms, and the ns beyond them. */
  readonly ms: number
  readonly subNs: number
  /** Messages of one key keep their order; undefined where none is asked for. */
  readonly key: string | undefined
  readonly sizeBytes: number
  /** The server has delivered it before, to this process or another. */
  readonly again: boolean
  readonly content: C
}

/** A message in hand. */
export type Held<C> = {
  readonly sequence: number
  readonly ms: number
  readonly key: string | undefined
  /** How often it was sent. */
  readonly sends: number
  readonly content: C
}

export type Call<C> = { readonly id: number; readonly messages: readonly Held<C>[]; readonly sizeBytes: number }

/** A message that is given up, and why. */
export type Dead<C> = { readonly message: Held<C>; readonly code: string; readonly error: string; readonly attempts: number }

/** What to do now. */
export type Step<C> =
  | { readonly kind: 'call'; readonly call: Call<C> }
  /** Publish these to the dead letters, acknowledged, then call {@link Desk.buried}. */
  | { readonly kind: 'bury'; readonly dead: readonly Dead<C>[] }
  /** Nothing before that many ms, unless something new comes. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'idle' }

/** What is to be said to the server: settled, given up (it is in the dead letters), or let go for others to take. */
export type Word = 'ack' | 'term' | 'nak'
export type Answer<C> = { readonly word: Word; readonly content: C }
