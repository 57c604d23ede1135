import { DOC_COLUMNS } from '../../shared/alt/doc-table.ts'
import type { Document } from '../../shared/alt/documents.ts'
import type { Judged } from '../../shared/alt/firsts.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import type { Add } from '../../shared/delta/action.ts'
import { keyOfPath } from '../../shared/delta/path.ts'
import type { Table } from '../../shared/delta/table.ts'
import { fence, type Position } from '../../shared/domain/position.ts'
import { epochOf, sequenceOf, versionOf } from '../../shared/domain/version.ts'
import { positionsIn, toTxns } from '../../shared/lake/position-txns.ts'
import type { First } from '../../shared/ports/first-table.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Parquet } from '../../shared/ports/parquet.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import type { Sink } from './sink.ts'

const STREAM = STREAMS.ALT_DATA.name
const NAMED = ['id', 'simhash', 'received', 'stream_epoch', 'stream_seq']
const NAME_COLUMNS = DOC_COLUMNS.filter(({ name }) => NAMED.includes(name))
/** Old documents come from many days, and each day is a file. */
const AT_ONCE = 16

/** Documents as rows of a Delta table; rows and position are one commit. */
export function lakeSink(name: string, table: Table, store: ObjectStore, parquet: Parquet): Sink {
  const positionIn = (txns: Parameters<typeof positionsIn>[0]): Position | null => positionsIn(txns, name, STREAM).get(0) ?? null

  return {
    position: async () => positionIn((await table.snapshot()).txns),

    async write({ documents, slots, last }) {
      const partitions = [...partitionsOf(documents).values()]
      const adds: Add[] = []
      for (let from = 0; from < partitions.length; from += AT_ONCE)
        adds.push(...(await Promise.all(partitions.slice(from, from + AT_ONCE).map((rows) => stored(table, rows)))))
      const [[, after, begin]] = slots as [(typeof slots)[number]]
      let isDone = true
      await table.append(({ txns }) => {
        const verdict = fence([positionIn(txns)], [after], [begin === 1], last)
        isDone = verdict !== 'conflict'
        return verdict === 'apply' ? { adds, txns: toTxns(name, STREAM, [0], last) } : undefined
      })
      return isDone
    },

    async *since(version, timeMs) {
      for (const add of (await table.snapshot()).files.values()) {
        if (!mayHold(add, version, timeMs)) continue
        const bytes = await store.get(keyOfPath(add.path, table.spec.key))
        if (!bytes) throw new RetryableError('ERR_UNAVAILABLE', `${add.path} is not there, though the table names it`)
        for await (const group of parquet.groups(bytes, NAME_COLUMNS)) yield firstsIn(group).filter((first) => first.version > version)
      }
    },
  }
}

/** Documents by partition: each is a file. */
const partitionsOf = (documents: readonly Judged<Document>[]): Map<string, Judged<Document>[]> =>
  Map.groupBy(documents, ({ document }) => `${document.category} ${dayOf(document)}`)

const dayOf = ({ ts_ms }: Document): string => new Date(ts_ms).toISOString().slice(0, 10)

/** Puts the rows of one partition where the commit will find them. */
async function stored(table: Table, judged: readonly Judged<Document>[]): Promise<Add> {
  const rows = judged.toSorted((a, b) => a.document.ts_ms - b.document.ts_ms || a.document.version - b.document.version)
  const of = <T>(value: (document: Document) => T): T[] => rows.map(({ document }) => value(document))
  const [{ document }] = rows as [Judged<Document>]
  const file = table.file({ category: document.category, dt: dayOf(document) })
  file.write(rows.length, {
    timestamp: of(({ ts_ms }) => BigInt(ts_ms) * 1000n),
    source: of(({ source }) => source),
    title: of(({ title }) => title),
    body: of(({ body }) => body),
    url: of(({ url }) => url),
    symbols: of(({ symbols }) => symbols),
    sentiment: of(({ sentiment }) => sentiment),
    id: of(({ id }) => id),
    lang: of(({ lang }) => lang),
    dup_of: rows.map(({ dupOf }) => dupOf),
    model: of(({ model }) => model),
    simhash: of(({ simhash }) => simhash),
    received: of(({ timeMs }) => BigInt(timeMs) * 1000n),
    stream_epoch: of(({ version }) => epochOf(version)),
    stream_seq: of(({ version }) => BigInt(sequenceOf(version))),
  })
  const { add, bytes } = file.finish(Date.now())
  await table.store(add, bytes)
  return add
}

/** Whether a file can hold messages above a version that came after a time, by what its writer said of it. */
function mayHold({ stats }: Add, version: number, timeMs: number): boolean {
  const { maxValues = {} } = JSON.parse(stats ?? '{}') as { maxValues?: Record<string, number | string> }
  const { stream_epoch: epoch, stream_seq: sequence, received } = maxValues
  if (received !== undefined && Date.parse(String(received)) < timeMs) return false
  return epoch === undefined || sequence === undefined || versionOf(Number(epoch), Number(sequence)) > version
}

function firstsIn({ id, simhash, received, stream_epoch, stream_seq }: Readonly<Record<string, ArrayLike<unknown>>>): First[] {
  return Array.from(id!, (one, i) => ({
    id: String(one),
    version: versionOf(Number(stream_epoch![i]), Number(stream_seq![i])),
    timeMs: Number(BigInt(received![i] as bigint) / 1000n),
    simhash: (simhash![i] as string | null) ?? null,
  }))
}
