import type { ObjectStore } from '../ports/object-store.ts'
import type { Parquet } from '../ports/parquet.ts'
import { RetryableError, TerminalError } from '../runtime/errors.ts'
import { type Action, parseCommit, toCommitText } from './action.ts'
import { fromCheckpoint, toCheckpoint } from './checkpoint.ts'
import { checkpointParts, checkpointPath, commitPath, LAST_CHECKPOINT, LOG, logFileOf } from './path.ts'
import { mustBeReadable } from './protocol.ts'
import { Snapshot } from './snapshot.ts'

type Options = { readonly store: ObjectStore; readonly parquet: Parquet; readonly key: string }

/** A file of the log: what it is and when it was written. */
type Found = { readonly path: string; readonly version: number; readonly modifiedMs: number }
type FoundCheckpoint = Found & { readonly parts: number }

/** Commits read side by side. */
const AT_ONCE = 16

const text = new TextDecoder()
const bytesOf = (written: string) => new TextEncoder().encode(written)

/** The log of one table in an object store ("Delta Log Entries"). It knows files and versions, not what may be committed. */
export class Log {
  readonly #options: Options

  /** @param key - the table's root in the store, without a slash at its end. */
  constructor(options: Options) {
    this.#options = options
  }

  /** The table as it is now, from its newest checkpoint on; a snapshot of version -1 where there is none. */
  async load(): Promise<Snapshot> {
    const hint = await this.lastCheckpoint()
    const { commits, checkpoints } = await this.files(hint)
    const newest = checkpoints.at(-1)
    // The hint is only that: it may name what was cleaned up, or be missing.
    if (hint !== undefined && newest === undefined) return this.#from(await this.files())
    return this.#from({ commits, checkpoints })
  }

  /** The table as it was at a version. @throws {TerminalError} ERR_NOT_FOUND where the log no longer reaches back so far, or not yet. */
  async loadAt(version: number): Promise<Snapshot> {
    const { commits, checkpoints } = await this.files()
    const upTo = <T extends Found>(files: readonly T[]) => files.filter((file) => file.version <= version)
    const snapshot = await this.#from({ commits: upTo(commits), checkpoints: upTo(checkpoints) })
    if (snapshot.version !== version) throw new TerminalError('ERR_NOT_FOUND', `the table has no version ${version}`)
    return snapshot
  }

  async #from({
    commits,
    checkpoints,
  }: {
    readonly commits: readonly Found[]
    readonly checkpoints: readonly FoundCheckpoint[]
  }): Promise<Snapshot> {
    const snapshot = new Snapshot()
    const base = checkpoints.at(-1)
    if (base) {
      for (const rows of await Promise.all(this.#partsOf(base).map((path) => this.#checkpointPart(path))))
        snapshot.apply(base.version, fromCheckpoint(rows))
    }
    const tail = commits.filter(({ version }) => version > snapshot.version)
    for (let at = 0; at < tail.length; at += AT_ONCE) {
      const part = tail.slice(at, at + AT_ONCE)
      const actions = await Promise.all(part.map(({ version }) => this.commit(version)))
      for (const [i, { version }] of part.entries()) {
        if (version !== snapshot.version + 1 || !actions[i]) throw gap(snapshot.version + 1)
        snapshot.apply(version, actions[i])
      }
    }
    if (snapshot.protocol) mustBeReadable(snapshot.protocol)
    return snapshot
  }

  /** Brings a snapshot up to date by the commits after it. @returns those commits. */
  async refresh(snapshot: Snapshot): Promise<readonly (readonly Action[])[]> {
    const news: (readonly Action[])[] = []
    for (;;) {
      const actions = await this.commit(snapshot.version + 1)
      if (!actions) break
      snapshot.apply(snapshot.version + 1, actions)
      news.push(actions)
    }
    if (snapshot.protocol) mustBeReadable(snapshot.protocol)
    return news
  }

  /** The actions of a version; undefined where there is none, or no longer. */
  async commit(version: number): Promise<Action[] | undefined> {
    const bytes = await this.#options.store.get(this.#key(commitPath(version)))
    return bytes && parseCommit(text.decode(bytes))
  }

  /** Writes a version unless there is one ("Add a commit"). */
  put(version: number, actions: readonly Action[]): Promise<'created' | 'exists'> {
    return this.#options.store.putIfAbsent(this.#key(commitPath(version)), bytesOf(toCommitText(actions)))
  }

  /** Takes back a version that nobody can have read: it was written where the log had been cleaned up. */
  async withdraw(version: number): Promise<void> {
    await this.#options.store.remove([this.#key(commitPath(version))])
  }

  /** The version that `_last_checkpoint` names ("Last Checkpoint File"). */
  async lastCheckpoint(): Promise<number | undefined> {
    const bytes = await this.#options.store.get(this.#key(LAST_CHECKPOINT))
    if (!bytes) return undefined
    try {
      const { version } = JSON.parse(text.decode(bytes)) as { version?: number }
      return typeof version === 'number' ? version : undefined
    } catch {
      // Written in part, by a store that shows such: a hint less.
      return undefined
    }
  }

  /** Writes a checkpoint of a snapshot, and the hint to it unless that names a later one already. */
  async putCheckpoint(snapshot: Snapshot, nowMs: number): Promise<void> {
    // The snapshot may go on meanwhile.
    const { version, files } = snapshot
    const rows = toCheckpoint(snapshot, nowMs)
    const bytes = this.#options.parquet.writeCheckpoint(rows)
    const hint = { version, size: rows.length, sizeInBytes: bytes.length, numOfAddFiles: files.size }
    await this.#options.store.put(this.#key(checkpointPath(version)), bytes)
    if (((await this.lastCheckpoint()) ?? -1) >= version) return
    await this.#options.store.put(this.#key(LAST_CHECKPOINT), bytesOf(JSON.stringify(hint)))
  }

  /** Commits and whole checkpoints, ascending, from a version on. */
  async files(from = 0): Promise<{ commits: Found[]; checkpoints: FoundCheckpoint[]; others: Found[] }> {
    const { store, key } = this.#options
    const commits: Found[] = []
    const others: Found[] = []
    const parts = new Map<string, FoundCheckpoint & { seen: number }>()
    // A dot is below every letter and digit: the files of the version itself come after its bare number.
    const after = `${key}/${LOG}${String(from).padStart(20, '0')}`
    for await (const { key: at, modifiedMs } of store.list(`${key}/${LOG}`, after)) {
      const path = at.slice(key.length + 1)
      const file = logFileOf(path)
      if (!file) continue
      const { version } = file
      if (file.kind === 'commit') commits.push({ path, version, modifiedMs })
      else if (file.kind === 'other') others.push({ path, version, modifiedMs })
      else {
        const name = `${version}/${file.parts}`
        const seen = (parts.get(name)?.seen ?? 0) + 1
        parts.set(name, { path, version, modifiedMs, parts: file.parts, seen })
      }
    }
    const checkpoints = [...parts.values()].filter(({ seen, parts: all }) => seen === all)
    return { commits, checkpoints, others }
  }

  /** The newest version there is, -1 where there is none. */
  async newest(): Promise<number> {
    const { commits, checkpoints } = await this.files((await this.lastCheckpoint()) ?? 0)
    return Math.max(commits.at(-1)?.version ?? -1, checkpoints.at(-1)?.version ?? -1)
  }

  /** The files of a checkpoint, below the table's root. */
  #partsOf({ version, parts }: FoundCheckpoint): string[] {
    return parts === 1 ? [checkpointPath(version)] : checkpointParts(version, parts)
  }

  async #checkpointPart(path: string): Promise<Readonly<Record<string, unknown>>[]> {
    const bytes = await this.#options.store.get(this.#key(path))
    if (!bytes) throw new RetryableError('ERR_UNAVAILABLE', `${path} was cleaned up while it was to be read`)
    return this.#options.parquet.readCheckpoint(bytes)
  }

  #key(path: string): string {
    return `${this.#options.key}/${path}`
  }
}

const gap = (version: number) => new RetryableError('ERR_UNAVAILABLE', `the log lacks version ${version}`)
