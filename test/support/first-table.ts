import type { First, FirstTable, Mark } from '../../shared/ports/first-table.ts'

type State = { readonly mark: Mark | undefined; readonly fields: ReadonlyMap<string, First> }

const EMPTY: State = { mark: undefined, fields: new Map() }

/** First messages of documents in memory, which can be set back. */
export class MemoryFirstTable implements FirstTable {
  #state = EMPTY
  readonly #earlier: State[] = []
  /** What happens just before it is read. */
  meanwhile = () => {}

  /** To what it was so many writes before; emptied where it is not said how many, or there were fewer. */
  setBack(writes = Number.POSITIVE_INFINITY): void {
    this.#state = this.#earlier.at(-writes) ?? EMPTY
  }
  async mark() {
    return this.#state.mark
  }
  async all() {
    this.meanwhile()
    return { mark: this.#state.mark, firsts: [...this.#state.fields.values()].reverse() }
  }
  async keep(from: Mark | undefined, firsts: readonly First[], gone: readonly string[], through: number) {
    if (from?.name !== this.#state.mark?.name) return undefined
    const fields = new Map(this.#state.fields)
    for (const { id, version, timeMs, simhash } of firsts) fields.set(id, { id, version, timeMs, simhash })
    for (const id of gone) fields.delete(id)
    const mark = { through, name: `${this.#earlier.push(this.#state)}` }
    this.#state = { mark, fields }
    return mark
  }
  async clear() {
    this.#earlier.push(this.#state)
    this.#state = EMPTY
  }
}
