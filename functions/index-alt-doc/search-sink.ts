import type { Document } from '../../shared/alt/documents.ts'
import type { Judged } from '../../shared/alt/firsts.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import type { DocIndex, FirstDoc, StoredDoc } from '../../shared/ports/doc-index.ts'
import type { First } from '../../shared/ports/first-table.ts'
import type { PositionTable } from '../../shared/ports/position-table.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import type { Sink } from './sink.ts'

const STREAM = STREAMS.ALT_DATA.name

/** Documents in an index that is searched. The position moves after them: what is stored again then is there already, under its own id. */
export function searchSink(index: DocIndex, positions: PositionTable): Sink {
  return {
    position: async () => (await positions.read(STREAM)).get(0) ?? null,

    async write({ documents, last, refuse }) {
      const results = await index.store(documents.map(toStored))
      const later = results.find((result) => result.kind === 'later')
      if (later) throw new RetryableError('ERR_UNAVAILABLE', `OpenSearch takes no documents now: ${later.reason}`)
      const refused = results.flatMap((result, i) =>
        result.kind === 'refused' ? [{ document: documents[i]!.document, error: result.reason }] : [],
      )
      if (refused.length > 0) await refuse(refused)
      await positions.write(STREAM, [0], last)
      return true
    },

    async *since(version, timeMs) {
      for await (const page of index.firstsAfter(version)) yield page.filter(({ seen_ms }) => seen_ms >= timeMs).map(toFirst)
    },
  }
}

const toStored = ({ document, dupOf }: Judged<Document>): StoredDoc => {
  const { version, timeMs, simhash, ...rest } = document
  return { ...rest, seen_ms: timeMs, dup_of: dupOf, first_version: version, simhash: simhash ?? '' }
}

const toFirst = ({ id, first_version, seen_ms, simhash }: FirstDoc): First => ({
  id,
  version: first_version,
  timeMs: seen_ms,
  simhash: simhash || null,
})
