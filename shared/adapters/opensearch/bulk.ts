import { docIndexName } from '../../contract/doc-indices.ts'
import type { StoredDoc, StoreResult } from '../../ports/doc-index.ts'
import { faultOf, type WrittenFault } from './failure.ts'

/** Most documents of a request, and characters of their texts: the server takes 100 MB, but works them off in its small heap. */
const MOST_DOCS = 500
const MOST_CHARS = 4 * 1024 * 1024

/** What the server says of one document. */
export type Item = { readonly status: number; readonly error?: WrittenFault }

/** Bulk requests, as lines: what to do and the document, in turn. */
export function* bulkParts(docs: readonly StoredDoc[]): Generator<readonly string[]> {
  let part: string[] = []
  let chars = 0
  for (const doc of docs) {
    const text = JSON.stringify(doc)
    if (part.length > 0 && (part.length === 2 * MOST_DOCS || chars + text.length > MOST_CHARS)) {
      yield part
      part = []
      chars = 0
    }
    part.push(JSON.stringify({ create: { _index: docIndexName(doc.category, doc.seen_ms), _id: doc.id } }), text)
    chars += text.length
  }
  if (part.length > 0) yield part
}

/** Faults with the status of a bad request that speak of the server's state: an index that was closed, no room for another index. */
const OF_THE_SERVER = ['index_closed_exception', 'validation_exception', 'index_create_block_exception']

/**
 * What became of a document. Only a bad request (400) refuses it for good: no such field, not of its type, a term or an id too long. All else passes: 403
 * (read-only, as of a full disk), 404 (the index is gone), 429 (too much to do, no memory), 5xx.
 */
export function resultOf({ status, error }: Item): StoreResult {
  if (status === 201 || status === 200) return { kind: 'created' }
  if (status === 409) return { kind: 'exists' }
  const { type, reason } = faultOf(error ?? {})
  return { kind: status === 400 && !OF_THE_SERVER.includes(type) ? 'refused' : 'later', reason: `${type}: ${reason}` }
}
