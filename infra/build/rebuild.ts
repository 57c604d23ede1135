import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Draft } from './draft.ts'
import { type Output, storeOutput } from './output.ts'
import { readRecords } from './record.ts'
import { type Target, targetsOf } from './targets.ts'

/** What a rebuild came to. */
export type Rebuilt = {
  /** Functions whose bundle is another now. */
  readonly built: readonly string[]
  /** Of functions that do not build: where and why, a line each. */
  readonly faults: ReadonlyMap<string, readonly string[]>
  /** Functions that did not build the last time, and do now. */
  readonly mended: readonly string[]
}

/** Builds the functions' bundles again and again, each quickly, from what is known of the last time. */
export class Rebuilder {
  readonly #root: string
  readonly #dist: string
  readonly #drafts = new Map<string, Draft>()
  /** Those that did not build: what would put them right need not be among the files that the last bundle was made of. */
  readonly #faulty = new Set<string>()
  #warming: Promise<unknown> = Promise.resolve()
  #rebuilding: Promise<unknown> = Promise.resolve()

  constructor(root: string, dist: string) {
    this.#root = root
    this.#dist = dist
  }

  /** Begins to get to know all functions, so that the first change is built as quickly as later ones. */
  warm(): void {
    const all = async () => {
      for (const target of await this.#functions()) {
        // What somebody waits for comes first.
        await this.#rebuilding
        await this.#build(target)
      }
    }
    this.#warming = all().catch(() => {})
  }

  /** Builds the functions that are made of these files, or did not build, or were never built. @param changed - paths below the root. */
  rebuild(changed: ReadonlySet<string>): Promise<Rebuilt> {
    const rebuilt = this.#rebuild(changed)
    this.#rebuilding = rebuilt.catch(() => {})
    return rebuilt
  }

  async #rebuild(changed: ReadonlySet<string>): Promise<Rebuilt> {
    const [targets, records] = await Promise.all([this.#functions(), readRecords(this.#dist)])
    const concerned = targets.filter(
      ({ name }) => this.#faulty.has(name) || (records[name]?.inputs.some((path) => changed.has(path)) ?? true),
    )
    const made = await Promise.all(concerned.map(async (target) => ({ target, output: await this.#build(target) })))
    const built: string[] = []
    const mended: string[] = []
    const faults = new Map<string, readonly string[]>()
    // One after the other: all are written down in one file.
    for (const { target, output } of made) {
      const lines = Array.isArray(output) ? output : await this.#store(target, output as Output, built)
      if (lines.length === 0) {
        if (this.#faulty.delete(target.name)) mended.push(target.name)
      } else {
        this.#faulty.add(target.name)
        faults.set(target.name, lines)
      }
    }
    return { built, faults, mended }
  }

  async close(): Promise<void> {
    await this.#warming
    await Promise.all([...this.#drafts.values()].map((one) => one.close()))
    this.#drafts.clear()
  }

  /** @returns what was built, or what is wrong. */
  async #build(target: Target): Promise<Output | readonly string[]> {
    try {
      return await this.#draftOf(target).build()
    } catch (error) {
      return linesOf(error)
    }
  }

  /** Stores a bundle; one that is as it was needs no new replica. @returns what is wrong with it. */
  async #store(target: Target, output: Output, built: string[]): Promise<readonly string[]> {
    const path = join(this.#dist, target.out)
    const before = await readFile(path).catch(() => undefined)
    try {
      await storeOutput(this.#root, this.#dist, [target], output, true)
    } catch (error) {
      return linesOf(error)
    }
    const after = output.outputFiles.find((file) => file.path === path)!
    if (!before?.equals(after.contents)) built.push(target.name)
    return []
  }

  async #functions(): Promise<Target[]> {
    return (await targetsOf(this.#root)).filter(({ entry }) => entry.startsWith('functions/'))
  }

  #draftOf(target: Target): Draft {
    const known = this.#drafts.get(target.name)
    if (known) return known
    const made = new Draft(this.#root, this.#dist, target)
    this.#drafts.set(target.name, made)
    return made
  }
}

type Message = {
  readonly text: string
  readonly location: { readonly file: string; readonly line: number; readonly column: number } | null
}

/** What esbuild says, as `file:line:column: what is wrong`. */
function linesOf(error: unknown): string[] {
  const messages = error instanceof Error && 'errors' in error ? (error.errors as readonly Message[]) : []
  if (messages.length === 0) return [error instanceof Error ? error.message : String(error)]
  return messages.map(({ text, location: at }) => (at ? `${at.file}:${at.line}:${at.column + 1}: ${text}` : text))
}
