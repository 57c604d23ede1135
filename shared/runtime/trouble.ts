/** Where it is told: a logger is one. */
type Told = { warn(about: { readonly err: unknown }, text: string): void; info(text: string): void }

/** Tells of work that fails again and again: once when it begins to fail, once when it works again. */
export class Troubles {
  readonly #log: Told
  readonly #failing = new Set<string>()

  constructor(log: Told) {
    this.#log = log
  }

  /** Notes a failure. @param work - what failed: the same words for each repetition of it. */
  failed(work: string, err: unknown): void {
    if (this.#failing.has(work)) return
    this.#failing.add(work)
    this.#log.warn({ err }, `${work}: this fails; not told again until it works`)
  }

  /** Notes a success. */
  worked(work: string): void {
    if (this.#failing.delete(work)) this.#log.info(`${work}: this works again`)
  }

  /** Waits for work that may fail, and says whether it did not. */
  async watch(work: string, result: Promise<unknown>): Promise<boolean> {
    try {
      await result
    } catch (error) {
      this.failed(work, error)
      return false
    }
    this.worked(work)
    return true
  }
}
