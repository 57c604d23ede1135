import type { First, FirstTable } from '../ports/first-table.ts'
import { WINDOW_MS, Window } from './window.ts'

/** The first messages of the documents that are stored, of versions above one and not before a time: what of them is lost elsewhere is read from there. */
export type Since = (version: number, timeMs: number) => AsyncIterable<readonly First[]>

/** The first message of a document, and the id of the earlier document that it nearly repeats. */
export type Judged<D extends First> = { readonly document: D; readonly dupOf: string | null }

/**
 * Tells documents from their repeats. First messages are written down when their documents are stored, with the position up to which that is all of them;
 * where that is not the position of the documents, what is lacking is read from them. What this process has in memory it trusts as long as both agree with it.
 */
export class Firsts {
  readonly #table: FirstTable
  readonly #since: Since
  #window: Window | undefined
  #through = -1

  constructor(table: FirstTable, since: Since) {
    this.#table = table
    this.#since = since
  }

  /**
   * Those of some documents, in their order, that are no repeats. Until {@link keep} says that they are stored, nothing but this process knows of them.
   * @param position - up to which version documents are stored.
   */
  async judge<D extends First>(documents: readonly D[], position: number): Promise<Judged<D>[]> {
    if (documents.length === 0) return []
    const window = await this.#open(position, documents[0]!.timeMs)
    const judged: Judged<D>[] = []
    for (const document of documents) {
      if (window.firstOf(document)) continue
      judged.push({ document, dupOf: window.nearest(document)?.id ?? null })
      const { id, version, timeMs, simhash } = document
      window.add({ id, version, timeMs, simhash })
    }
    return judged
  }

  /** Writes down that these are stored, and all others up to that version were before. */
  async keep(firsts: readonly First[], position: number): Promise<void> {
    if (!this.#window) return
    const last = firsts.at(-1)
    const gone = last ? this.#window.prune(last.timeMs) : []
    await this.#table.keep(firsts, gone, position)
    this.#through = position
  }

  /** Forgets what is in memory: it is not what is stored. */
  forget(): void {
    this.#window = undefined
  }

  async #open(position: number, nowMs: number): Promise<Window> {
    let through = (await this.#table.through()) ?? -1
    // Others write there too, and it may be set back with a restored backup, to where it agrees with this process but not with what is stored.
    if (this.#window && through === this.#through && through === position) return this.#window
    this.#window = undefined
    if (through > position) {
      // Documents are written before their first messages are: some were lost, and come again.
      await this.#table.clear()
      through = -1
    }
    const window = new Window()
    for (const first of (await this.#table.all()).sort((a, b) => a.version - b.version)) window.add(first)
    if (through < position) {
      for await (const found of this.#since(through, nowMs - WINDOW_MS)) {
        // Documents above the position are to come again, and are judged then.
        const lacking = found.filter(({ version }) => version <= position)
        for (const first of lacking) window.add(first)
        await this.#table.keep(lacking, [], through)
      }
      await this.#table.keep([], [], position)
    }
    this.#through = position
    this.#window = window
    return window
  }
}
