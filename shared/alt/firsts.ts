import type { First, FirstTable, Mark } from '../ports/first-table.ts'
import { RetryableError } from '../runtime/errors.ts'
import { WINDOW_MS, Window } from './window.ts'

/** The first messages of the documents that are stored, of versions above one and not before a time: what of them is lost elsewhere is read from there. */
export type Since = (version: number, timeMs: number) => AsyncIterable<readonly First[]>

/** The first message of a document, and the id of the earlier document that it nearly repeats. */
export type Judged<D extends First> = { readonly document: D; readonly dupOf: string | null }

/**
 * Tells documents from their repeats. First messages are written down when their documents are stored, with the position up to which that is all of them;
 * where that is not the position of the documents, what is lacking is read from them. What this process has in memory it trusts as long as both agree with it.
 * Each write goes on from the very state that was read: a table that was emptied, set back or written to by another in between is never said to be complete.
 */
export class Firsts {
  readonly #table: FirstTable
  readonly #since: Since
  #window: Window | undefined
  /** The state of the table that is in memory. */
  #mark: Mark | undefined
  /** Where the documents stood that were judged last. */
  #position = -1

  constructor(table: FirstTable, since: Since) {
    this.#table = table
    this.#since = since
  }

  /**
   * Those of some documents, in their order, that are no repeats. Until {@link keep} says that they are stored, nothing but this process knows of them.
   * @param position - up to which version documents are stored.
   * @throws {RetryableError} ERR_UNAVAILABLE also where the table was emptied, set back or written to by another while it was made up for.
   */
  async judge<D extends First>(documents: readonly D[], position: number): Promise<Judged<D>[]> {
    this.#position = position
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

  /** Writes down that these are stored, and all others up to that version were before. Where the table has moved since, that is left to the next time. */
  async keep(firsts: readonly First[], position: number): Promise<void> {
    // Without documents nobody looked: what another has stored meanwhile would be passed over.
    if (!this.#window || (this.#mark?.through ?? -1) !== this.#position) return
    const last = firsts.at(-1)
    const gone = last ? this.#window.prune(last.timeMs) : []
    this.#mark = await this.#table.keep(this.#mark, firsts, gone, position)
    if (!this.#mark) this.forget()
  }

  /** Forgets what is in memory: it is not what is stored. */
  forget(): void {
    this.#window = undefined
  }

  async #open(position: number, nowMs: number): Promise<Window> {
    const there = await this.#table.mark()
    // Others write there too, and it may be set back with a restored backup, to where it agrees with this process but not with what is stored.
    if (this.#window && there && there.name === this.#mark?.name && there.through === position) return this.#window
    this.#window = undefined
    let { mark, firsts } = await this.#table.all()
    if (mark && mark.through > position) {
      // Documents are written before their first messages are: some were lost, and come again.
      await this.#table.clear()
      ;[mark, firsts] = [undefined, []]
    }
    const window = new Window()
    for (const first of firsts.toSorted((a, b) => a.version - b.version)) window.add(first)
    const through = mark?.through ?? -1
    if (through < position) {
      for await (const found of this.#since(through, nowMs - WINDOW_MS)) {
        // Documents above the position are to come again, and are judged then.
        const lacking = found.filter(({ version }) => version <= position)
        for (const first of lacking) window.add(first)
        mark = await this.#makeUp(mark, lacking, through)
      }
      mark = await this.#makeUp(mark, [], position)
    }
    this.#mark = mark
    this.#window = window
    return window
  }

  async #makeUp(from: Mark | undefined, firsts: readonly First[], through: number): Promise<Mark> {
    const mark = await this.#table.keep(from, firsts, [], through)
    if (!mark)
      throw new RetryableError('ERR_UNAVAILABLE', 'Valkey: documents: the table of first messages has moved while it was made up for')
    return mark
  }
}
