import { Draft } from './draft.ts'
import type { LaneOptions } from './step.ts'

/** Beyond so many batches there is no room for more. */
const BATCHES_AHEAD = 2
const MOST_SPARE = 3

/** The batches of a lane that have not been settled, in stream order; the last one may still be open. */
export class DraftQueue {
  readonly #options: LaneOptions
  readonly #drafts: Draft[] = []
  readonly #spare: Draft[] = []
  messages = 0
  bytes = 0

  constructor(options: LaneOptions) {
    this.#options = options
  }

  get first(): Draft | undefined {
    return this.#drafts[0]
  }

  get length(): number {
    return this.#drafts.length
  }

  get hasRoom(): boolean {
    const { batch, maxBytes } = this.#options
    return this.messages < BATCHES_AHEAD * batch && this.bytes < BATCHES_AHEAD * maxBytes
  }

  /** The open draft that can take a message of this epoch and size; undefined where a new one is needed. */
  openFor(epoch: number, sizeBytes: number): Draft | undefined {
    const open = this.#drafts.at(-1)
    const fits = open && !open.last && open.epoch === epoch && open.count < open.most && open.sizeBytes + sizeBytes < this.#options.maxBytes
    return fits ? open : undefined
  }

  /** Adds an empty draft at the end. */
  add(): Draft {
    const draft = this.#fresh()
    this.#drafts.push(draft)
    return draft
  }

  /** Counts what was appended to a draft. */
  grew(messages: number, bytes: number): void {
    this.messages += messages
    this.bytes += bytes
  }

  /** Removes the first draft, which was settled: nobody looks at its bytes any more. */
  shift(): void {
    const done = this.#drafts.shift()!
    this.grew(-done.count, -done.sizeBytes)
    done.reset()
    if (!done.isPart && done.most === this.#options.batch && this.#spare.length < MOST_SPARE) this.#spare.push(done)
  }

  /** Puts the halves of the first draft in its place. */
  halve(): void {
    this.#drafts.splice(0, 1, ...this.#drafts[0]!.halves())
  }

  /** Puts an empty draft with the same end in the place of the first one. */
  blank(): void {
    const { count, sizeBytes, last } = this.#drafts[0]!
    this.grew(-count, -sizeBytes)
    const past = this.#fresh()
    past.seal(last!)
    this.#drafts[0] = past
  }

  clear(): void {
    this.#drafts.length = 0
    this.messages = 0
    this.bytes = 0
  }

  #fresh(): Draft {
    return this.#spare.pop() ?? new Draft(this.#options.batch)
  }
}
