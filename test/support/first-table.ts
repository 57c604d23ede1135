import type { First, FirstTable } from '../../shared/ports/first-table.ts'

/** First messages of documents in memory; `fields` and `at` may be set back. */
export class MemoryFirstTable implements FirstTable {
  fields = new Map<string, First>()
  at: number | undefined
  async through() {
    return this.at
  }
  async all() {
    return [...this.fields.values()].reverse()
  }
  async keep(firsts: readonly First[], gone: readonly string[], through: number) {
    for (const { id, version, timeMs, simhash } of firsts) this.fields.set(id, { id, version, timeMs, simhash })
    for (const id of gone) this.fields.delete(id)
    this.at = through
  }
  async clear() {
    this.fields.clear()
    this.at = undefined
  }
}
