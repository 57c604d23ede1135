import type { Action, Add, MetaData, Protocol, Remove } from './action.ts'
import type { Snapshot } from './snapshot.ts'

type Row = Readonly<Record<string, unknown>>

/** Tombstones are kept for so long unless the table says otherwise (delta.deletedFileRetentionDuration). */
export const TOMBSTONES_MS = 7 * 86_400_000

/**
 * A snapshot as the rows of a checkpoint: all that is needed to read from it on. Tombstones that have expired are left out; of the others, what their
 * files were like.
 */
export function toCheckpoint({ protocol, metaData, txns, files, tombstones }: Snapshot, nowMs: number): Row[] {
  const rows: Row[] = [{ protocol }, { metaData: { ...metaData, createdTime: long(metaData?.createdTime) } }]
  for (const { appId, version, lastUpdated } of txns.values()) rows.push({ txn: { appId, version, lastUpdated: long(lastUpdated) } })
  for (const add of files.values())
    rows.push({ add: { ...add, size: long(add.size), modificationTime: long(add.modificationTime), dataChange: false } })
  for (const remove of tombstones.values()) {
    if (nowMs - (remove.deletionTimestamp ?? 0) > TOMBSTONES_MS) continue
    const { deletionTimestamp, size } = remove
    rows.push({ remove: { ...remove, deletionTimestamp: long(deletionTimestamp), size: long(size), dataChange: false } })
  }
  return rows
}

const long = (value: number | null | undefined): bigint | null => (value === null || value === undefined ? null : BigInt(value))

/** The actions of a checkpoint's rows, whoever wrote it. */
export function fromCheckpoint(rows: Iterable<Row>): Action[] {
  const actions: Action[] = []
  for (const { protocol, metaData, txn, add, remove } of rows) {
    if (present(protocol)) actions.push({ protocol: numbersIn(protocol) as unknown as Protocol })
    if (present(metaData)) actions.push({ metaData: metaDataOf(metaData) })
    if (present(txn)) actions.push({ txn: { appId: String(txn.appId), version: txn.version as bigint, ...lastUpdated(txn) } })
    if (present(add)) actions.push({ add: withMaps<Add>(add, 'partitionValues', 'tags') })
    if (present(remove)) actions.push({ remove: withMaps<Remove>(remove, 'partitionValues', 'tags') })
  }
  return actions
}

type Struct = Readonly<Record<string, unknown>>

/** Readers of Parquet differ in how an absent struct comes: null, or with nothing in it. */
const present = (value: unknown): value is Struct =>
  typeof value === 'object' && value !== null && Object.values(value).some((field) => field !== null && field !== undefined)

/** Longs that a double holds, which all but a transaction's version are. */
const numbersIn = (struct: Struct): Struct =>
  Object.fromEntries(
    Object.entries(struct).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, typeof value === 'bigint' ? Number(value) : value]],
    ),
  )

const lastUpdated = ({ lastUpdated: at }: Struct) => (at === null || at === undefined ? {} : { lastUpdated: Number(at) })

/** A map comes as an object, or as a list of its entries. */
function mapOf(value: unknown): Record<string, string | null> {
  if (!Array.isArray(value)) return { ...((value ?? {}) as Record<string, string | null>) }
  return Object.fromEntries(value.map((entry: { key: string; value?: string | null }) => [entry.key, entry.value ?? null]))
}

function withMaps<T>(struct: Struct, ...maps: readonly string[]): T {
  const plain: Record<string, unknown> = { ...numbersIn(struct) }
  for (const name of maps) if (struct[name] !== null && struct[name] !== undefined) plain[name] = mapOf(struct[name])
  return plain as T
}

function metaDataOf(struct: Struct): MetaData {
  const plain = withMaps<MetaData & { format: { provider: string; options?: unknown } }>(struct, 'configuration')
  const { format, configuration = {}, partitionColumns = [] } = plain
  return {
    ...plain,
    format: { provider: format.provider, options: mapOf(format.options) as Record<string, string> },
    configuration,
    partitionColumns,
  }
}
