import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { RetryableError } from '../runtime/errors.ts'
import { Turns } from '../runtime/turns.ts'
import type { Action, Add, CommitInfo } from './action.ts'
import { TOMBSTONES_MS } from './checkpoint.ts'
import { isStale } from './data-file.ts'
import type { Log } from './log.ts'
import { mustBeWritable } from './protocol.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * What to commit on top of a snapshot; undefined where nothing is (any longer). It is asked anew after every conflict, with the table as it is then,
 * so whatever it decides on must be read from the snapshot it is given.
 */
export type Plan = (snapshot: Snapshot) => { readonly operation: string; readonly actions: readonly Action[] } | undefined

/** `version` is that of the commit; undefined where the plan had nothing to commit. */
export type Committed = { readonly version: number | undefined; readonly conflicts: number }

/** Log clean-up, ours at least, keeps so many versions: a commit among them cannot have been written behind it. */
export const KEPT_VERSIONS = 1000
/** A snapshot that was looked at longer ago is looked at again: who slept may stand behind a clean-up. */
const FRESH_MS = 60_000
const MOST_TRIES = 50
const PAUSE_MS = 10
const MOST_PAUSE_MS = 1000

/** Commits to one table, one commit at a time. Writers of other processes and makes may do so as well. */
export class Writer {
  readonly #log: Log
  #snapshot: Snapshot | undefined
  #lookedMs = 0
  readonly #turns = new Turns()

  constructor(log: Log) {
    this.#log = log
  }

  /** The table as it is now. What is given changes with the next look or commit. @throws {RetryableError} ERR_UNAVAILABLE */
  snapshot(): Promise<Snapshot> {
    return this.#turns.take(() => this.#look())
  }

  /** Forgets what is known of the table: the next look begins anew. */
  forget(): void {
    this.#snapshot = undefined
  }

  /**
   * Commits what a plan says, once, whatever other writers do meanwhile and whatever becomes of the answers to its requests.
   * @throws {RetryableError} ERR_UNAVAILABLE while the store is away. Whether the commit was done is then unknown: only a plan that finds its own
   * commit in the snapshot (by a transaction, by its files) may be tried again.
   * @throws {TerminalError} ERR_CONFIG where the table is not one that this module may write.
   */
  commit(plan: Plan): Promise<Committed> {
    return this.#turns.take(async () => {
      try {
        return await this.#commit(plan)
      } catch (error) {
        this.forget()
        throw error
      }
    })
  }

  async #commit(plan: Plan): Promise<Committed> {
    let snapshot = this.#snapshot && performance.now() - this.#lookedMs < FRESH_MS ? this.#snapshot : await this.#look()
    for (let conflicts = 0; conflicts < MOST_TRIES; conflicts++) {
      const { protocol, metaData } = snapshot
      if (protocol && metaData) mustBeWritable(protocol, metaData)
      const planned = plan(snapshot)
      if (!planned) return { version: undefined, conflicts }
      const stale = planned.actions.find((action) => 'add' in action && isStale(action.add, Date.now()))
      if (stale) throw new RetryableError('ERR_UNAVAILABLE', `${(stale as { add: Add }).add.path} was stored too long ago to be added now`)
      const version = snapshot.version + 1
      const txnId = randomUUID()
      const commitInfo: CommitInfo = { timestamp: Date.now(), operation: planned.operation, engineInfo: 'trade2026', txnId }
      const actions = [{ commitInfo }, ...planned.actions]
      const isOurs = await this.#putKnown(version, actions, txnId)
      if (isOurs && (await this.#isAboveCleanUp(version))) {
        snapshot.apply(version, actions)
        this.#lookedMs = performance.now()
        return { version, conflicts }
      }
      if (isOurs) this.forget()
      else if (conflicts > 0) await sleep(Math.random() * Math.min(MOST_PAUSE_MS, PAUSE_MS * 2 ** conflicts))
      snapshot = await this.#look()
    }
    throw new RetryableError('ERR_UNAVAILABLE', `others kept committing: ${MOST_TRIES} tries lost`)
  }

  /** Whether the version is ours now. A put whose answer was lost may have been done, and then it is. */
  async #putKnown(version: number, actions: readonly Action[], txnId: string): Promise<boolean> {
    let unknown: unknown
    const put = await this.#log.put(version, actions).catch((error: unknown) => {
      unknown = error
      return undefined
    })
    if (put === 'created') return true
    const there = await this.#log.commit(version)
    const isOurs = there?.some((action) => 'commitInfo' in action && action.commitInfo.txnId === txnId) ?? false
    // Not there now may be there in a moment: a request under way is not called back. So nobody may go on as if it had not been.
    if (!there && unknown !== undefined) throw unknown
    return isOurs
  }

  /**
   * Whether what was written at a version is part of the table: it is not where the log had been cleaned up before, so that the version seemed to be free
   * (a writer that slept for days), or the table was deleted. Then it is taken back.
   */
  async #isAboveCleanUp(version: number): Promise<boolean> {
    const [checkpoint, before] = await Promise.all([this.#log.lastCheckpoint(), version > 0 ? this.#log.commit(version - 1) : []])
    if (before && (checkpoint === undefined || checkpoint < version)) return true
    // Others may have gone on from it and made checkpoints meanwhile; or the table was deleted, and there is nothing it stands on.
    const newest = await this.#log.newest()
    if (newest > version && newest - version < KEPT_VERSIONS) return true
    if (newest === version && (before || checkpoint === version - 1)) return true
    await this.#log.withdraw(version)
    return false
  }

  async #look(): Promise<Snapshot> {
    const before = this.#snapshot
    const isFresh = before !== undefined && before.version >= 0 && performance.now() - this.#lookedMs < FRESH_MS
    if (isFresh) await this.#log.refresh(before)
    const snapshot = isFresh ? before : await this.#log.load()
    snapshot.forgetTombstones(Date.now() - TOMBSTONES_MS)
    this.#snapshot = snapshot
    this.#lookedMs = performance.now()
    return snapshot
  }
}
