import { keyOfPath } from '../../delta/path.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { Parquet } from '../../ports/parquet.ts'
import { RetryableError } from '../../runtime/errors.ts'
import type { FileFacts } from './file-facts.ts'
import { NAME_COLUMNS, SeenMessages } from './seen-messages.ts'

export type CountOptions = {
  readonly store: ObjectStore
  readonly parquet: Parquet
  /** The table's root in the store. */
  readonly key: string
  /** Rows that are looked at, at most: files beyond it are left out, those with the oldest messages first. */
  readonly mostRows: number
  /** Nothing is counted if it takes longer. */
  readonly untilMs: number
}

/** The messages after this sequence are all counted: every row of theirs was looked at. */
export type Counted = { readonly after: number; readonly seen: SeenMessages }

/**
 * Counts the messages of an epoch by their rows, the newest ones, as many as are affordable. Only three columns are read.
 * @returns undefined where it is not affordable at all.
 */
export async function countNewest(files: readonly FileFacts[], epoch: number, options: CountOptions): Promise<Counted | undefined> {
  const { store, parquet, key, mostRows, untilMs } = options
  // A file that does not say what it holds may hold anything.
  const greatest = ({ sequences }: FileFacts) => sequences?.[1] ?? Number.POSITIVE_INFINITY
  const own = files.filter(({ epochs }) => (epochs?.[1] ?? epoch) >= epoch).sort((a, b) => greatest(b) - greatest(a))
  let rows = 0
  const among = own.findIndex((file) => {
    rows += file.rows ?? Number.POSITIVE_INFINITY
    return rows > mostRows
  })
  const after = among < 0 ? 0 : greatest(own[among]!)
  if (after === Number.POSITIVE_INFINITY || among === 0) return undefined
  const seen = new SeenMessages(after)
  for (const { add } of among < 0 ? own : own.slice(0, among)) {
    const read = async (from: number, to: number) => {
      const bytes = await store.getRange(keyOfPath(add.path, key), from, to)
      if (!bytes) throw new RetryableError('ERR_UNAVAILABLE', `${add.path} is not there, though the table names it`)
      return bytes
    }
    for (const group of await parquet.open({ sizeBytes: add.size, read }, NAME_COLUMNS)) {
      if (Date.now() > untilMs) return undefined
      seen.addRows(await group.read())
    }
  }
  return { after, seen }
}
