import type { PartitionValues } from './action.ts'

const DIGITS = 20

/** The folder of the log, below the table's root. */
export const LOG = '_delta_log/'
export const LAST_CHECKPOINT = `${LOG}_last_checkpoint`

const padded = (version: number): string => String(version).padStart(DIGITS, '0')

/** The file of a commit, below the table's root. */
export const commitPath = (version: number): string => `${LOG}${padded(version)}.json`

/** The file of a checkpoint in one part. */
export const checkpointPath = (version: number): string => `${LOG}${padded(version)}.checkpoint.parquet`

/** The files of a checkpoint in several parts, as others write them. */
export const checkpointParts = (version: number, parts: number): string[] =>
  Array.from({ length: parts }, (_, i) => `${LOG}${padded(version)}.checkpoint.${part(i + 1)}.${part(parts)}.parquet`)

const part = (number: number): string => String(number).padStart(10, '0')

type LogFile =
  | { readonly kind: 'commit'; readonly version: number }
  | { readonly kind: 'checkpoint'; readonly version: number; readonly parts: number }
  /** Sums of a version and what else belongs to one. */
  | { readonly kind: 'other'; readonly version: number }

/** What a file of the log is, by its name below the table's root; undefined for what belongs to no version. */
export function logFileOf(path: string): LogFile | undefined {
  const [, digits, rest] = /^_delta_log\/(\d{20})\.([^/]+)$/.exec(path) ?? []
  if (digits === undefined) return undefined
  const version = Number(digits)
  if (rest === 'json') return { kind: 'commit', version }
  const [whole, parts] = /^checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet$/.exec(rest!) ?? []
  return whole === undefined ? { kind: 'other', version } : { kind: 'checkpoint', version, parts: Number(parts ?? 1) }
}

/**
 * A new data file's path, below the table's root. Folders are for people: what a file's partition is, its action says. Only characters that no one
 * encodes are used, because some readers look for the path as it stands in the log and others for the decoded one.
 */
export function dataPath(partitionValues: PartitionValues, name: string): string {
  const folders = Object.entries(partitionValues).map(([column, value]) => `${safe(column)}=${value === null ? '__null__' : safe(value)}`)
  return [...folders, `${name}.parquet`].join('/')
}

const MOST_FOLDER = 64

const safe = (text: string): string => text.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, MOST_FOLDER)

/** The key of a path as it stands in the log, below the table's root: paths there are URI-encoded; others may write absolute ones. */
export function keyOfPath(path: string, tableKey: string): string {
  const [, inBucket] = /^s3[an]?:\/\/[^/]+\/(.*)$/.exec(path) ?? []
  return inBucket === undefined ? `${tableKey}/${decodeURIComponent(path)}` : decodeURIComponent(inBucket)
}
