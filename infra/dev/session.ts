import { isDeepStrictEqual } from 'node:util'
import { Rebuilder } from '../build/rebuild.ts'
import { type DeployOptions, deployStack, removeFunction } from '../stack/deploy.ts'
import { messageOf } from '../stack/problem.ts'
import { readStackFile, type StackFunction } from '../stack/stack-file.ts'
import { type Saved, Saves } from './saves.ts'

export type SessionOptions = {
  /** The project, and where its bundles go. */
  readonly root: string
  readonly dist: string
  /** The gateway, and the stack file that it runs. */
  readonly target: Omit<DeployOptions, 'only' | 'signal' | 'onProgress'>
  readonly say: (line: string) => void
  /** Called before functions are built and deployed. */
  readonly before?: (saved: Saved) => Promise<void>
}

/** Brings what is saved to a gateway that runs: for as long as it takes, and one round of saves after the other. */
export class DevSession {
  readonly #options: SessionOptions
  readonly #rebuilder: Rebuilder
  readonly #saves: Saves
  /** The functions of the stack file, as they were deployed last. */
  #entries: readonly StackFunction[] = []
  /** Functions whose newest form is not deployed and ready yet, and when they were saved. */
  readonly #pending = new Map<string, number>()
  /** Set while replicas are waited for: ends that, when there is something newer to deploy. */
  #waiting: AbortController | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#rebuilder = new Rebuilder(options.root, options.dist)
    this.#saves = new Saves(options.root, () => this.#waiting?.abort())
  }

  /** Begins to watch. What the stack file says now counts as deployed. */
  async start(): Promise<void> {
    this.#entries = await this.#readEntries()
    await this.#saves.ready()
    this.#rebuilder.warm()
    this.#work = this.#run()
  }

  async close(): Promise<void> {
    const closed = this.#saves.close()
    this.#waiting?.abort()
    await closed
    await this.#work
    await this.#rebuilder.close()
  }

  async #run(): Promise<void> {
    for (;;) {
      const saved = await this.#saves.next()
      if (!saved) return
      try {
        await this.#round(saved)
      } catch (error) {
        this.#options.say(messageOf(error))
      }
    }
  }

  async #round(saved: Saved): Promise<void> {
    const { say, before } = this.#options
    await before?.(saved)
    const { built, faults, mended } = await this.#rebuilder.rebuild(new Set(saved.keys()))
    for (const [name, lines] of faults) for (const line of lines) say(`${name} does not build, the old code goes on: ${line}`)
    for (const name of mended) if (!built.includes(name)) say(`${name} builds again, and is what runs`)
    const savedMs = Math.min(...saved.values())
    for (const name of built) this.#pending.set(name, savedMs)
    const isDeployment = [...saved.keys()].some((path) => path === 'stack.yml' || path.startsWith('config/'))
    if (isDeployment) await this.#follow(faults, savedMs).catch((error: unknown) => say(messageOf(error)))
    await this.#deploy()
  }

  /** Takes over another stack file: what is new or different is to be deployed, what is gone is removed. */
  async #follow(faults: ReadonlyMap<string, unknown>, savedMs: number): Promise<void> {
    const { say, target } = this.#options
    const entries = await this.#readEntries()
    const before = new Map(this.#entries.map((entry) => [entry.service, entry]))
    const names = new Set(entries.map(({ service }) => service))
    for (const entry of entries) {
      if (!isDeepStrictEqual(entry, before.get(entry.service)) && !faults.has(entry.service)) this.#pending.set(entry.service, savedMs)
    }
    for (const name of before.keys()) {
      if (names.has(name)) continue
      await removeFunction(target, name)
      say(`${name}: removed from the stack file, finishes its calls and ends`)
    }
    this.#entries = entries
  }

  async #deploy(): Promise<void> {
    const { target, say } = this.#options
    const known = new Set(this.#entries.map(({ service }) => service))
    const only = [...this.#pending.keys()].filter((name) => known.has(name))
    if (only.length === 0) return
    const newer = new AbortController()
    let accepted = 0
    const onProgress = (name: string, state: 'deployed' | 'ready') => {
      if (state === 'deployed') {
        // Not before: however quickly one save follows another, something gets through.
        if (++accepted < only.length) return
        this.#waiting = newer
        if (this.#saves.isMore) newer.abort()
        return
      }
      say(`${name}: saved -> running in ${Math.round(Date.now() - this.#pending.get(name)!)} ms`)
      this.#pending.delete(name)
    }
    try {
      await deployStack({ readyWithinMs: READY_WITHIN_MS, ...target, only, onProgress, signal: newer.signal })
    } catch (error) {
      // Saved again meanwhile: the next round goes on with what is pending.
      if (newer.signal.aborted) return
      const left = only.filter((name) => this.#pending.delete(name))
      say(`${messageOf(error)}: what ran before goes on (trade2026 logs ${left.join(', ')} says why)`)
    } finally {
      this.#waiting = undefined
    }
  }

  #readEntries(): Promise<StackFunction[]> {
    const { stackFile, variables = process.env } = this.#options.target
    return readStackFile(stackFile, variables)
  }
}

const READY_WITHIN_MS = 15_000
