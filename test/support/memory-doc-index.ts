import type { DocIndex, StoredDoc } from '../../shared/ports/doc-index.ts'

/** Documents in memory: the first one of an id stays. */
export function memoryDocIndex(): DocIndex & { readonly docs: ReadonlyMap<string, StoredDoc> } {
  const docs = new Map<string, StoredDoc>()
  return {
    docs,
    async store(some) {
      return some.map((doc) => {
        if (docs.has(doc.id)) return { kind: 'exists' }
        docs.set(doc.id, doc)
        return { kind: 'created' }
      })
    },
    async *firstsAfter(version) {
      const found = [...docs.values()].filter(({ first_version }) => first_version > version)
      found.sort((a, b) => a.first_version - b.first_version || (a.id < b.id ? -1 : 1))
      const page = found.map(({ id, first_version, seen_ms, ts_ms, category, simhash, dup_of }) => {
        return { id, first_version, seen_ms, ts_ms, category, simhash, dup_of }
      })
      if (page.length > 0) yield page
    },
    async refresh() {},
  }
}
