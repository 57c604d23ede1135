import type { BatchHead, Positions } from '../../shared/contract/batch.ts'
import type { Position } from '../../shared/domain/position.ts'
import { epochOf, sequenceOf } from '../../shared/domain/version.ts'
import type { Outcome } from '../outcome.ts'
import { backoffMs } from './backoff.ts'
import type { Draft } from './draft.ts'
import { DraftQueue } from './draft-queue.ts'
import type { Mark } from './mark.ts'
import { Places } from './places.ts'
import type { DeadMessage, LaneOptions, Placement, Step } from './step.ts'
import type { Subject } from './subjects.ts'

/** What is away is asked often: a lane has one call at a time, and what comes back should be found at once. */
const MOST_AWAY_MS = 150
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
  readonly #places: Places
  readonly #queue: DraftQueue
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

  constructor(slots: readonly number[], options: LaneOptions) {
    this.slots = slots
    this.#options = options
    this.#places = new Places(slots)
    this.#queue = new DraftQueue(options)
  }

  /** Up to where this lane has been shown the stream. */
  get seen(): Mark {
    return this.#seen
  }

  /** Where those of its slots stand that have applied more than it has been shown. */
  get ahead(): Position[] {
    return this.#places.beyond(this.#seen.version)
  }

  /** The least version that all its slots have applied. */
  get applied(): number {
    return this.#places.applied
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
    const { messages, bytes, first } = this.#queue
    return { messages, bytes, oldestMs: first?.count ? first.mark(0).ms : undefined }
  }

  /** Whether it has room for more. What has been asked for when it says no must still be taken. */
  get wantsMore(): boolean {
    return this.#queue.hasRoom
  }

  /** Sets where every slot stands; `from` is the mark of the least `read`: the stream must be shown from just behind it. */
  place(placements: readonly Placement[], from: Mark): void {
    this.#drop()
    this.#places.set(placements)
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
    if (version <= this.#seen.version || version <= this.#places.read(subject.slot)) return
    const draft = this.#open(epochOf(version), end - start, nowMs)
    const before = draft.sizeBytes
    draft.append(subject, version, ms, subNs, bytes, start, end, header)
    this.#queue.grew(1, draft.sizeBytes - before)
  }

  /** Says that all up to here was shown, whoever's messages they were, and how many more the stream is known to hold. */
  pass(version: number, ms: number, subNs: number, pending = 0): void {
    if (version > this.#seen.version) this.#seen = { version, ms, subNs }
    this.#pending = pending
  }

  /**
   * Called now and then: if nothing else is to be done, an empty batch brings the slots to what was seen.
   * @param brokerMs - the broker's time, given only if the lane has seen everything up to the stream's head: then the function is told (a quiet batch).
   * @param last - the stream's last sequence: a slot beyond it says that the stream was rewound unseen, so the function is asked anew.
   */
  rest(brokerMs: number | undefined, last = Number.POSITIVE_INFINITY): void {
    if (this.#state !== 'ready' || this.#queue.length > 0) return
    const { furthest } = this.#places
    if (sequenceOf(furthest) > last) {
      this.doubt()
      return
    }
    // Slots that wait for the next epoch to begin stand at what was seen, under that epoch's number.
    const { version: shown } = this.#seen
    if (furthest > shown && sequenceOf(furthest) === sequenceOf(shown)) this.#seen = { ...this.#seen, version: furthest }
    const { version } = this.#seen
    // A function that has no state yet has nothing to close either.
    if (this.#places.areNewAt(version) || (brokerMs === undefined && !this.#places.areBehind(version))) return
    const draft = this.#queue.add()
    draft.seal(this.#seen)
    draft.nowMs = brokerMs
  }

  /** Has it placed anew, whatever is under way: the stream is not the one it was placed in. */
  doubt(): void {
    this.#seek({}, 0, 0)
  }

  /** What to do at this time. */
  next(nowMs: number): Step {
    if (this.#state === 'seek') return { kind: 'seek', positions: this.#sought }
    const draft = this.#queue.first
    if (this.#state === 'bury') return { kind: 'bury', dead: this.#dead(draft!) }
    if (this.#state !== 'ready' || !draft) return { kind: 'idle' }
    const waitMs = Math.max(this.#notBeforeMs - nowMs, this.#patienceMs(draft, nowMs))
    if (waitMs > 0) return { kind: 'wait', ms: waitMs }
    if (!draft.last) draft.seal(this.#endOf(draft))
    this.#called = draft.head(this.#options.stream, this.#places.covered(draft.last!.version, draft.nowMs !== undefined))
    this.#state = 'calling'
    return { kind: 'call', call: { head: this.#called, lines: draft.lines() } }
  }

  /** Says what became of the call. @param jitter - in [0, 1), spreads repeats. */
  settle(outcome: Outcome, nowMs: number, jitter: number): void {
    if (this.#state !== 'calling') return
    this.#state = 'ready'
    if (outcome.kind === 'settled') this.#settled()
    else if (outcome.kind === 'seek') this.#seek(outcome.positions, nowMs, jitter)
    else if (outcome.kind === 'retry') {
      // Refusals count in a row: where calls are lost and cut short, five of many prove nothing.
      this.#refusals = 0
      this.#notBeforeMs = nowMs + Math.max(outcome.afterMs, backoffMs(this.#failures++, jitter, MOST_AWAY_MS))
    } else this.#refused(outcome.patience, outcome.cause, nowMs, jitter)
  }

  /** The message at fault is in the dead letters: an empty batch goes past it. */
  buried(): void {
    if (this.#state !== 'bury') return
    this.#queue.blank()
    this.#refusals = 0
    this.#state = 'ready'
  }

  #settled(): void {
    this.#places.move(this.#called!, this.#queue.first!.last!.version)
    this.#queue.shift()
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
    const draft = this.#queue.first!
    this.#cause = cause
    this.#refusals++
    // A part is only cut further, which harms nobody, so it need not be tried as often; a single message is given every chance.
    if (this.#refusals < patience && !(draft.isPart && draft.count > 1)) {
      this.#notBeforeMs = nowMs + backoffMs(this.#refusals, jitter)
    } else if (draft.count > 1) {
      this.#queue.halve()
      this.halvings++
      this.#refusals = 0
    } else if (draft.count === 1) this.#state = 'bury'
    // An empty batch has no message to blame.
    else this.#notBeforeMs = nowMs + backoffMs(this.#failures++, jitter)
  }

  #dead(draft: Draft): DeadMessage {
    return { mark: draft.mark(0), subject: draft.subject(0), line: draft.line(0), attempts: this.#refusals, cause: this.#cause }
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
    const open = this.#queue.openFor(epoch, sizeBytes)
    if (open) return open
    this.#openedMs = nowMs
    return this.#queue.add()
  }

  #drop(): void {
    this.#queue.clear()
    this.#refusals = 0
    this.#seen = END
  }
}
