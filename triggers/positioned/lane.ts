import type { BatchHead, Positions } from '../../shared/contract/batch.ts'
import { epochOf } from '../../shared/domain/version.ts'
import type { Outcome } from '../outcome.ts'
import { backoffMs } from './backoff.ts'
import { Draft, type Mark } from './draft.ts'
import type { Subject } from './subjects.ts'

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
 */
export type Placement = { readonly slot: number; readonly after: number; readonly begin: boolean; readonly read: number }

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

/** Sealed and open drafts together hold at most this many batches before {@link Lane.wantsMore} says no. */
const BATCHES_AHEAD = 2
const MOST_SPARE = 3
/** How long a batch may take to fill while the stream is known to hold more than a batch. */
const FILL_MS = 20
/** Beyond every message: a lane that is not placed takes none. */
const END: Mark = { version: Number.POSITIVE_INFINITY, ms: 0, subNs: 0 }

/**
 * One reader's lane: the messages of some slots, in stream order, with at most one call in flight.
 *
 * Pure: no clock, no network, no chance; times and jitter are given. The driver pushes messages and asks {@link next} what to do:
 * after every push, settlement and placement, and when a wait is over.
 */
export class Lane {
  readonly slots: readonly number[]
  /** How often a batch was cut in two. */
  halvings = 0
  readonly #options: LaneOptions
  /** By slot; empty where the slot is another lane's. */
  readonly #places: { after: number; begin: boolean; read: number }[] = []
  readonly #queue: Draft[] = []
  readonly #spare: Draft[] = []
  #state: 'placing' | 'ready' | 'calling' | 'seek' | 'bury' = 'placing'
  #seen: Mark = END
  #called: BatchHead | undefined
  #sought: Positions = {}
  #failures = 0
  #refusals = 0
  #conflicts = 0
  #cause = ''
  #notBeforeMs = 0
  #openedMs = 0
  #pending = 0
  #messages = 0
  #bytes = 0

  constructor(slots: readonly number[], options: LaneOptions) {
    this.slots = slots
    this.#options = options
  }

  /** Up to where this lane has been shown the stream. */
  get seen(): Mark {
    return this.#seen
  }

  /** The least version that all its slots have applied. */
  get applied(): number {
    return Math.min(...this.slots.map((slot) => this.#places[slot]?.read ?? 0))
  }

  /** Not while it waits to be placed, at first or after a conflict. */
  get isPlaced(): boolean {
    return this.#seen !== END
  }

  /** What the function said at the last conflict. */
  get sought(): Positions {
    return this.#sought
  }

  /** Messages held, those in flight included. */
  get held(): { readonly messages: number; readonly bytes: number; readonly oldestMs: number | undefined } {
    return { messages: this.#messages, bytes: this.#bytes, oldestMs: this.#queue[0]?.count ? this.#queue[0].mark(0).ms : undefined }
  }

  /** Whether it has room for more. What has been asked for when it says no must still be taken. */
  get wantsMore(): boolean {
    const { batch, maxBytes } = this.#options
    return this.#messages < BATCHES_AHEAD * batch && this.#bytes < BATCHES_AHEAD * maxBytes
  }

  /** Sets where every slot stands; `from` is the mark of the least `read`: the stream must be shown from just behind it. */
  place(placements: readonly Placement[], from: Mark): void {
    this.#drop()
    for (const { slot, ...place } of placements) this.#places[slot] = place
    this.#seen = from
    this.#state = 'ready'
  }

  /** Takes a message of one of its slots; one that was shown before is left out. Messages must come in the order of their versions. */
  push(
    nowMs: number,
    subject: Subject,
    version: number,
    ms: number,
    subNs: number,
    bytes: Buffer,
    start: number,
    end: number,
    header?: string,
  ): void {
    if (version <= this.#seen.version || version <= this.#places[subject.slot]!.read) return
    const draft = this.#open(epochOf(version), end - start, nowMs)
    const before = draft.sizeBytes
    draft.append(subject, version, ms, subNs, bytes, start, end, header)
    this.#messages++
    this.#bytes += draft.sizeBytes - before
  }

  /** Says that all up to here was shown, whoever's messages they were, and how many more the stream is known to hold. */
  pass(version: number, ms: number, subNs: number, pending = 0): void {
    if (version > this.#seen.version) this.#seen = { version, ms, subNs }
    this.#pending = pending
  }

  /**
   * Called now and then: if nothing else is to be done, an empty batch brings the slots to what was seen.
   * @param brokerMs - the broker's time, given only if the lane has seen everything up to the stream's head: then the function is told (a quiet batch).
   */
  rest(brokerMs: number | undefined): void {
    if (this.#state !== 'ready' || this.#queue.length > 0) return
    const places = this.slots.map((slot) => this.#places[slot]!)
    // A function that has no state yet has nothing to close either.
    const isNew = places.every(({ begin, read }) => begin && read === this.#seen.version)
    const isBehind = places.some(({ read }) => read < this.#seen.version)
    if (isNew || (brokerMs === undefined && !isBehind)) return
    const draft = this.#fresh()
    draft.seal(this.#seen)
    draft.nowMs = brokerMs
    this.#queue.push(draft)
  }

  /** What to do at this time. */
  next(nowMs: number): Step {
    if (this.#state === 'seek') return { kind: 'seek', positions: this.#sought }
    const draft = this.#queue[0]
    if (this.#state === 'bury') return { kind: 'bury', dead: this.#dead(draft!) }
    if (this.#state !== 'ready' || !draft) return { kind: 'idle' }
    const waitMs = Math.max(this.#notBeforeMs - nowMs, this.#patienceMs(draft, nowMs))
    if (waitMs > 0) return { kind: 'wait', ms: waitMs }
    if (!draft.last) draft.seal(this.#endOf(draft))
    this.#called = draft.head(this.#options.stream, this.#covered(draft))
    this.#state = 'calling'
    return { kind: 'call', call: { head: this.#called, lines: draft.lines() } }
  }

  /** Says what became of the call. @param jitter - in [0, 1), spreads repeats. */
  settle(outcome: Outcome, nowMs: number, jitter: number): void {
    if (this.#state !== 'calling') return
    this.#state = 'ready'
    if (outcome.kind === 'settled') this.#settled()
    else if (outcome.kind === 'seek') this.#seek(outcome.positions, nowMs, jitter)
    else if (outcome.kind === 'retry') this.#notBeforeMs = nowMs + Math.max(outcome.afterMs, backoffMs(this.#failures++, jitter))
    else this.#refused(outcome.patience, outcome.cause, nowMs, jitter)
  }

  /** The message at fault is in the dead letters: an empty batch goes past it. */
  buried(): void {
    const draft = this.#queue[0]!
    const { last } = draft
    this.#release(draft)
    const past = this.#fresh()
    past.seal(last!)
    this.#queue[0] = past
    this.#refusals = 0
    this.#state = 'ready'
  }

  #settled(): void {
    const { last } = this.#queue[0]!
    for (const [slot] of this.#called!.slots) this.#places[slot] = { after: last!.version, begin: false, read: last!.version }
    const done = this.#queue.shift()!
    this.#release(done)
    done.reset()
    // The function has read all of its body before it answered, so nobody looks at these bytes any more.
    if (!done.isPart && done.most === this.#options.batch && this.#spare.length < MOST_SPARE) this.#spare.push(done)
    this.#failures = 0
    this.#refusals = 0
    this.#conflicts = 0
  }

  #seek(positions: Positions, nowMs: number, jitter: number): void {
    this.#drop()
    this.#sought = positions
    this.#state = 'seek'
    // Once is what restarts and regroupings cause. Again and again: somebody else delivers too, and hurrying helps neither.
    if (this.#conflicts++ > 0) this.#notBeforeMs = nowMs + backoffMs(this.#conflicts, jitter)
  }

  #refused(patience: number, cause: string, nowMs: number, jitter: number): void {
    const draft = this.#queue[0]!
    this.#cause = cause
    this.#refusals++
    // A part is only cut further, which harms nobody, so it need not be tried as often; a single message is given every chance.
    if (this.#refusals < patience && !(draft.isPart && draft.count > 1)) {
      this.#notBeforeMs = nowMs + backoffMs(this.#refusals, jitter)
    } else if (draft.count > 1) {
      this.#queue.splice(0, 1, ...draft.halves())
      this.halvings++
      this.#refusals = 0
    } else if (draft.count === 1) this.#state = 'bury'
    // An empty batch has no message to blame.
    else this.#notBeforeMs = nowMs + backoffMs(this.#failures++, jitter)
  }

  #dead(draft: Draft): DeadMessage {
    return { mark: draft.mark(0), subject: draft.subject(0), line: draft.line(0), attempts: this.#refusals, cause: this.#cause }
  }

  /** Slots that stand below the end of a draft; for a quiet batch also those that stand there. */
  #covered(draft: Draft): BatchHead['slots'] {
    const end = draft.last!.version
    const covered: BatchHead['slots'] = []
    for (const slot of this.slots) {
      const { after, begin, read } = this.#places[slot]!
      if (read < end || (read === end && draft.nowMs !== undefined)) covered.push([slot, after, begin ? 1 : 0])
    }
    return covered
  }

  /** If nothing is buffered behind it, a batch also brings the slots past what was seen of others. */
  #endOf(draft: Draft): Mark {
    const isLast = this.#queue.length === 1 && epochOf(this.#seen.version) === draft.epoch
    const own = draft.mark(draft.count - 1)
    return isLast && this.#seen.version > own.version ? this.#seen : own
  }

  #patienceMs(draft: Draft, nowMs: number): number {
    const { waitMs, batch } = this.#options
    if (draft.last || draft.count >= batch || this.#queue.length > 1) return 0
    // More than a batch behind, the rest of this one is on its way: large batches are what catches up.
    const fillMs = this.#pending > batch ? FILL_MS : 0
    return this.#openedMs + Math.max(waitMs, fillMs) - nowMs
  }

  /** The draft that takes the next message. */
  #open(epoch: number, sizeBytes: number, nowMs: number): Draft {
    const open = this.#queue.at(-1)
    if (open && !open.last && open.epoch === epoch && open.count < open.most && open.sizeBytes + sizeBytes < this.#options.maxBytes)
      return open
    const draft = this.#fresh()
    this.#openedMs = nowMs
    this.#queue.push(draft)
    return draft
  }

  #fresh(): Draft {
    return this.#spare.pop() ?? new Draft(this.#options.batch)
  }

  #release(draft: Draft): void {
    this.#messages -= draft.count
    this.#bytes -= draft.sizeBytes
  }

  #drop(): void {
    this.#queue.length = 0
    this.#messages = 0
    this.#bytes = 0
    this.#refusals = 0
    this.#seen = END
  }
}
