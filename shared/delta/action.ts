/** What a table needs of whoever reads or writes it (PROTOCOL.md, "Protocol Evolution"). */
export type Protocol = {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures?: readonly string[] | null
  readonly writerFeatures?: readonly string[] | null
}

/** What the table is ("Change Metadata"). */
export type MetaData = {
  readonly id: string
  readonly name?: string | null
  readonly description?: string | null
  readonly format: { readonly provider: string; readonly options?: Readonly<Record<string, string>> | null }
  readonly schemaString: string
  readonly partitionColumns: readonly string[]
  readonly configuration: Readonly<Record<string, string>>
  readonly createdTime?: number | null
}

export type PartitionValues = Readonly<Record<string, string | null>>

/** A data file that belongs to the table ("Add File"). `path` is as it stands in the log: URI-encoded. */
export type Add = {
  readonly path: string
  readonly partitionValues: PartitionValues
  readonly size: number
  readonly modificationTime: number
  readonly dataChange: boolean
  readonly stats?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
}

/** A data file that no longer does: a tombstone for as long as readers of older versions may need it ("Remove File"). */
export type Remove = {
  readonly path: string
  readonly deletionTimestamp?: number | null
  readonly dataChange: boolean
  readonly extendedFileMetadata?: boolean | null
  readonly partitionValues?: PartitionValues | null
  readonly size?: number | null
  readonly tags?: Readonly<Record<string, string>> | null
}

/** How far an application has come ("Transaction Identifiers"). The whole range of a long is used, so it is no double. */
export type Txn = { readonly appId: string; readonly version: bigint; readonly lastUpdated?: number | null }

/** Who made the commit, and why: for people, and for the writer that must find its own commit again ("Commit Provenance Information"). */
export type CommitInfo = Readonly<Record<string, unknown>>

/** One line of a commit; kinds that this module does not know are left out when it reads. */
export type Action =
  | { readonly commitInfo: CommitInfo }
  | { readonly protocol: Protocol }
  | { readonly metaData: MetaData }
  | { readonly txn: Txn }
  | { readonly add: Add }
  | { readonly remove: Remove }

const KINDS = ['commitInfo', 'protocol', 'metaData', 'txn', 'add', 'remove']

/** A commit file's text: one action a line. A bigint is written in all its digits. */
export function toCommitText(actions: readonly Action[]): string {
  const raw = (_: string, value: unknown) =>
    typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value
  return actions.map((action) => `${JSON.stringify(action, raw)}\n`).join('')
}

/** Reads a commit file. @throws {SyntaxError} when a line is not JSON. */
export function parseCommit(text: string): Action[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return []
    const action = JSON.parse(line, wide) as Action
    return KINDS.some((kind) => kind in action) ? [action] : []
  })
}

/** `version` is a long that a double may not hold: only a transaction has a field of that name. */
const wide = (key: string, value: unknown, context?: { source?: string }) =>
  key === 'version' && typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context!.source!) : value
