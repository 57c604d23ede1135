import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ObjectStore } from '../ports/object-store.ts'
import { CodedError, RetryableError, TerminalError } from '../runtime/errors.ts'

/** A data file that is wanted: its key in the store, how large it is, and the path it is to have below the cache. Files of tables never change. */
export type Wanted = { readonly key: string; readonly sizeBytes: number; readonly path: string }

type Entry = { readonly path: string; readonly sizeBytes: number; readonly there: Promise<void>; isThere: boolean; users: number }

/** Where files are kept unless told: a folder in that for temporary files, of its own for each user, as users cannot look into each other's. */
export const temporaryFolder = (name: string): string => join(tmpdir(), `trade2026-${name}-${process.getuid?.() ?? 'user'}`)

/** Downloads side by side, over all queries. */
const AT_ONCE = 4

type Options = { readonly store: ObjectStore; readonly parent: string; readonly mostBytes: number }

/** Data files on the local disk, each for as long as it is in use and as there is room after that. What a process left that is gone is deleted by the next. */
export class FileCache {
  readonly #store: ObjectStore
  readonly #mostBytes: number
  /** Its own folder, which goes with it. */
  readonly folder: string
  /** The one used last is the last. */
  readonly #entries = new Map<string, Entry>()
  readonly #line: (() => void)[] = []
  #downloads = 0
  #bytes = 0
  fetchedBytes = 0

  constructor({ store, parent, mostBytes }: Options) {
    this.#store = store
    this.#mostBytes = mostBytes
    this.folder = join(parent, String(process.pid))
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(parent))
      if (name === String(process.pid) || !isAlive(Number(name))) rmSync(join(parent, name), { recursive: true })
    mkdirSync(this.folder, { mode: 0o700 })
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Brings files here and keeps them until they are released.
   * @returns their paths, in the order they were asked for.
   * @throws {TerminalError} ERR_LIMIT where there is no room for them, ERR_NOT_FOUND where the store has one no longer.
   * @throws {RetryableError} ERR_UNAVAILABLE while the store is away, or the disk is full.
   */
  async take(wanted: readonly Wanted[]): Promise<{ readonly paths: readonly string[]; release(): void }> {
    const entries: Entry[] = []
    const release = () => {
      for (const entry of entries.splice(0)) entry.users--
    }
    try {
      for (const one of wanted) entries.push(this.#use(one))
      await Promise.all(entries.map(({ there }) => there))
    } catch (error) {
      release()
      throw error
    }
    return { paths: entries.map(({ path }) => path), release }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #use(wanted: Wanted): Entry {
    const known = this.#entries.get(wanted.key)
    const entry = known ?? this.#begin(wanted)
    this.#entries.delete(wanted.key)
    this.#entries.set(wanted.key, entry)
    entry.users++
    return entry
  }

  #begin({ key, sizeBytes, path }: Wanted): Entry {
    this.#makeRoom(sizeBytes)
    const local = join(this.folder, path)
    const there = this.#inTurn(() => this.#download(key, local)).then(
      () => {
        entry.isThere = true
      },
      (error) => {
        this.#entries.delete(key)
        this.#bytes -= sizeBytes
        throw error
      },
    )
    // Whoever waits for it is told; where nobody does any more, it is no fault.
    there.catch(() => {})
    const entry: Entry = { path: local, sizeBytes, there, isThere: false, users: 0 }
    this.#bytes += sizeBytes
    return entry
  }

  #makeRoom(sizeBytes: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes + sizeBytes <= this.#mostBytes) return
      if (entry.users > 0 || !entry.isThere) continue
      this.#entries.delete(key)
      this.#bytes -= entry.sizeBytes
      rmSync(entry.path, { force: true })
    }
    if (this.#bytes + sizeBytes <= this.#mostBytes) return
    throw new TerminalError(
      'ERR_LIMIT',
      `the files to be read do not fit into ${Math.floor(this.#mostBytes / 1e6)} MB: narrow the query down by dt, symbol or timestamp`,
    )
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#downloads >= AT_ONCE) await new Promise<void>((resolve) => this.#line.push(resolve))
    else this.#downloads++
    try {
      return await work()
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#downloads--
    }
  }

  async *#counted(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      this.fetchedBytes += part.length
      yield part
    }
  }

  async #download(key: string, path: string): Promise<void> {
    const draft = join(this.folder, `${randomUUID()}.part`)
    try {
      const parts = await this.#store.open(key)
      if (!parts)
        throw new TerminalError('ERR_NOT_FOUND', `${key} is not there any longer: the version is too old, or was vacuumed meanwhile`)
      await writeFile(draft, this.#counted(parts), { mode: 0o400 })
      await mkdir(dirname(path), { recursive: true })
      await rename(draft, path)
    } catch (error) {
      await rm(draft, { force: true })
      if (error instanceof CodedError) throw error
      throw new RetryableError('ERR_UNAVAILABLE', `${key} could not be stored: ${(error as Error).message}`, error)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
