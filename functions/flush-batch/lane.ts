import { setTimeout as sleep } from 'node:timers/promises'
import type { BatchHead } from '../../shared/contract/batch.ts'
import type { Table } from '../../shared/delta/table.ts'
import { fence, type Position } from '../../shared/domain/position.ts'
import { positionsIn, toTxns } from '../../shared/lake/position-txns.ts'
import { CodedError } from '../../shared/runtime/errors.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { Draft } from './draft.ts'
import type { LakeMetrics } from './metrics.ts'

type Options = {
  readonly table: Table
  readonly name: string
  readonly stream: string
  /** How long its end waits for the store. */
  readonly patienceMs: number
  readonly log: Log
  readonly metrics: LakeMetrics
}

const MOST_PAUSE_MS = 2_000

type Verdict = ReturnType<typeof fence>

/** What becomes of messages up to `last` that begin where `slots` say, by where those stand. */
const verdictOn = (slots: BatchHead['slots'], standing: (slot: number) => Position | null, last: Position): Verdict =>
  fence(
    slots.map(([slot]) => standing(slot)),
    slots.map(([, after]) => after),
    slots.map(([, , begin]) => begin === 1),
    last,
  )

/**
 * The slots that one reader delivers: rows taken in but not committed yet, of at most two commits, one that is open and one under way.
 *
 * What it has taken is in memory alone. That is sound because an answer is never the truth: who dies with rows leaves the table where it was, the next
 * process stands there, and the trigger, whose batch begins further on, is told so and goes back.
 */
export class Lane {
  readonly slots: readonly number[]
  readonly #options: Options
  /** Where each slot stands with all that was taken. */
  readonly #taken: Map<number, Position | null>
  #open: Draft | undefined
  #flushing: Promise<void> | undefined
  /** The table moved without it: what it holds is void. */
  isLost = false

  /** @param stored - where its slots stand in the table. */
  constructor(slots: readonly number[], stored: ReadonlyMap<number, Position>, options: Options) {
    this.slots = slots
    this.#options = options
    this.#taken = new Map(slots.map((slot) => [slot, stored.get(slot) ?? null]))
  }

  get open(): Draft | undefined {
    return this.#open
  }

  /** Nothing is held here: what the table says is all there is. */
  get isIdle(): boolean {
    return this.#open === undefined && this.#flushing === undefined
  }

  get isFlushing(): boolean {
    return this.#flushing !== undefined
  }

  taken(slot: number): Position | null {
    return this.#taken.get(slot) ?? null
  }

  /** What becomes of a batch, by where the slots stand with all that was taken. */
  fence(head: BatchHead, last: Position): Verdict {
    return verdictOn(head.slots, (slot) => this.taken(slot), last)
  }

  /** The draft that takes the batch's rows. */
  draftFor(head: BatchHead): Draft {
    this.#open ??= new Draft(this.#options.table, head.slots, performance.now())
    return this.#open
  }

  /** All of the batch is in the draft. @throws {Error} where that is not open any more: rows and position would part. */
  moveTo(draft: Draft, last: Position): void {
    if (this.#open !== draft) throw new Error('a draft was sealed while a batch was taken into it')
    draft.last = last
    for (const slot of this.slots) this.#taken.set(slot, last)
  }

  /** Drops the open draft that nothing was taken into. */
  discard(draft: Draft): void {
    if (this.#open === draft && !draft.last) this.#open = undefined
  }

  /** Begins to commit what is open; what comes meanwhile goes into the next commit. Resolves when all of it is in the table, or void. */
  flush(): Promise<void> {
    if (this.#flushing) return this.#flushing
    const draft = this.#open
    if (!draft?.last || this.isLost) return Promise.resolve()
    this.#open = undefined
    this.#flushing = this.#commit(draft, draft.last).finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** Commits all there is, if the store takes it in time. What is in no commit then is read again. */
  async close(): Promise<void> {
    const all = this.flush().then(() => this.flush())
    await Promise.race([all, sleep(this.#options.patienceMs, undefined, { ref: false })])
    this.isLost = true
  }

  /** Tries until it is done: the rows are nowhere else but in the stream, and the store may be away for as long as it likes. */
  async #commit(draft: Draft, last: Position): Promise<void> {
    const { log, metrics } = this.#options
    const started = performance.now()
    for (let tries = 0; ; tries++) {
      try {
        const { isVoid, ...done } = await this.#commitOnce(draft, last)
        if (isVoid) log.warn({ slots: this.slots, last }, 'the table moved without these rows: they are read again')
        else metrics.committed({ ...done, rows: draft.count }, (performance.now() - started) / 1000)
        return
      } catch (error) {
        metrics.failed()
        if (tries % 20 === 0) log.warn({ err: error, rows: draft.count }, 'a commit has to be tried again')
        // Whatever it is, it is no message's fault, and only who runs the store or the table can put it right.
        if (!(error instanceof CodedError)) log.error({ err: error }, 'a commit failed')
        if (draft.isBroken) this.isLost = true
        if (this.isLost) return
        await sleep(Math.min(MOST_PAUSE_MS, 50 * 2 ** tries) * (0.5 + Math.random()))
      }
    }
  }

  async #commitOnce(draft: Draft, last: Position) {
    const { table, name, stream } = this.#options
    const made = draft.finish(Date.now())
    await draft.store(made)
    let isVoid = false
    const done = await table.append((snapshot) => {
      const stored = positionsIn(snapshot.txns, name, stream)
      const verdict = verdictOn(draft.from, (slot) => stored.get(slot) ?? null, last)
      isVoid = verdict === 'conflict'
      // Or `repeat`: committed before, by this process whose answer was lost, or by another that took the same messages.
      return verdict === 'apply' ? { adds: made.map(({ add }) => add), txns: toTxns(name, stream, this.slots, last) } : undefined
    })
    if (isVoid) this.isLost = true
    return { ...done, made, isVoid }
  }
}
