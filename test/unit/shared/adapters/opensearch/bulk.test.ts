import { expect, test } from 'vitest'
import { bulkParts, resultOf } from '../../../../../shared/adapters/opensearch/bulk.ts'
import { storedDoc } from '../../../../support/stored-doc.ts'

const docs = (count: number, chars = 10) => Array.from({ length: count }, (_, i) => storedDoc({ id: `d${i}`, body: 'x'.repeat(chars) }))
const sizes = (parts: Iterable<readonly string[]>) => [...parts].map((part) => part.length / 2)

test('a request has 500 documents at most, and a few megabytes; a document larger than that goes alone', () => {
  expect(sizes(bulkParts(docs(1005)))).toEqual([500, 500, 5])
  expect(sizes(bulkParts(docs(9, 1024 * 1024)))).toEqual([3, 3, 3])
  expect(sizes(bulkParts(docs(2, 5 * 1024 * 1024)))).toEqual([1, 1])
  expect(sizes(bulkParts([]))).toEqual([])
})

test('an index is named by category and the month of the first message', () => {
  const [part] = bulkParts([storedDoc({ category: 'filings', seen_ms: Date.UTC(2026, 0, 31, 23, 59) })])
  expect(JSON.parse(part![0]!)).toEqual({ create: { _index: 'alt_filings-2026.01', _id: 'doc-1' } })
})

test.each([
  [400, 'mapper_parsing_exception'],
  [400, 'strict_dynamic_mapping_exception'],
  [400, 'illegal_argument_exception'],
])('%i %s speaks of the document: it is refused for good', (status, type) => {
  expect(resultOf({ status, error: { type, reason: 'no', caused_by: { type: 'x', reason: 'because' } } })).toEqual({
    kind: 'refused',
    reason: `${type}: no: because`,
  })
})

test.each([
  [403, 'cluster_block_exception'],
  [404, 'index_not_found_exception'],
  [429, 'rejected_execution_exception'],
  [429, 'circuit_breaking_exception'],
  [429, 'cluster_block_exception'],
  [500, 'out_of_memory_error'],
  [503, 'unavailable_shards_exception'],
  [400, 'index_closed_exception'],
  [400, 'validation_exception'],
])('%i %s speaks of the server: it may be taken the next time', (status, type) => {
  expect(resultOf({ status, error: { type, reason: 'no' } })).toEqual({ kind: 'later', reason: `${type}: no` })
})
