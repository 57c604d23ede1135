import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { watch } from 'chokidar'

/** Files that changed, below the root, and when each was saved (ms since the epoch). */
export type Saved = ReadonlyMap<string, number>

/** What is watched of a project: what functions are made of, and what says how they are deployed. */
const WATCHED = /^(functions|shared|config)(\/|$)|^stack\.yml$/
/** Editors write a file in several steps, and people save several files at once: what comes within this time belongs together. */
const QUIET_MS = 20
const MOST_QUIET_MS = 200

/** Collects saves until somebody asks for them: none is lost while he is busy. */
export class Saves {
  readonly #root: string
  readonly #watcher
  readonly #onSave: () => void
  #collected = new Map<string, number>()
  #lastAt = 0
  #wake: (() => void) | undefined
  #closed = false

  /** @param onSave - told of each save at once. */
  constructor(root: string, onSave: () => void) {
    this.#root = root
    this.#onSave = onSave
    // Seen from the root, as a file that is saved by a rename is another file.
    const ignored = (path: string) => path !== root && !WATCHED.test(relative(root, path))
    this.#watcher = watch(root, { ignored, ignoreInitial: true, atomic: false })
    this.#watcher.on('all', (_, path) => void this.#note(path))
    // All of the above leaves out what comes within 50 ms of the save before: the system's own events leave out nothing.
    this.#watcher.on('raw', (_, name, about) => {
      const { watchedPath } = about as { readonly watchedPath: string }
      const path = basename(watchedPath) === name ? watchedPath : join(watchedPath, name ?? '')
      if (WATCHED.test(relative(root, path))) void this.#note(path)
    })
  }

  /** Resolves when all is watched. */
  async ready(): Promise<void> {
    await once(this.#watcher, 'ready')
  }

  /** Waits for the next saves; undefined when closed. */
  async next(): Promise<Saved | undefined> {
    while (this.#collected.size === 0 && !this.#closed) {
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
    }
    const since = performance.now()
    while (performance.now() - this.#lastAt < QUIET_MS && performance.now() - since < MOST_QUIET_MS) await sleep(QUIET_MS / 2)
    if (this.#closed) return undefined
    const taken = this.#collected
    this.#collected = new Map()
    return taken
  }

  /** Whether something was saved that nobody has asked for yet, or this is closed. */
  get isMore(): boolean {
    return this.#collected.size > 0 || this.#closed
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake?.()
    await this.#watcher.close()
  }

  async #note(path: string): Promise<void> {
    const seenMs = Date.now()
    this.#lastAt = performance.now()
    const found = await stat(path).catch(() => undefined)
    // A folder's own time says nothing; a copy may bring its old time along.
    const savedMs = found?.isFile() ? Math.max(found.mtimeMs, found.ctimeMs) : seenMs
    const name = relative(this.#root, path)
    this.#collected.set(name, Math.min(this.#collected.get(name) ?? seenMs, savedMs))
    this.#onSave()
    this.#wake?.()
  }
}
