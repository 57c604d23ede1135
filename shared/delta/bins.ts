import type { Add } from './action.ts'
import { rowsOf } from './stats.ts'

export type BinOptions = {
  /** What a file should hold; one that is as large is left as it is. */
  readonly targetBytes: number
  readonly sortBy: readonly string[]
  /** Partitions that got rows at this time (ms) or later are still written to; none unless given. */
  readonly writtenSinceMs?: number
}

/** Files of one partition that are rewritten together, in the order in which their rows came. */
export type Bin = { readonly partition: string; readonly files: readonly Add[] }

/** Rows of a group that a rewrite makes. */
export const GROUP_ROWS = 65_536
/** So many files of about one size are rewritten together: each row moves up once a tier, not with every run. */
const TIER_FILES = 8
const TIER_FACTOR = 8
/** Rows of a bin that may have to be in memory at a time: a file that is sorted as a whole has one group there, another one all of its rows. */
const MOST_OPEN_ROWS = TIER_FILES * GROUP_ROWS
const FIRST_TIER_BYTES = 512 * 1024

/** On files that a rewrite made: by what they are sorted, and when the newest of their rows came. */
const SORTED = 'trade2026.sorted'
const APPENDED = 'trade2026.appendedMs'

/** What a rewrite of these files says of the files it makes. */
export const tagsOf = (files: readonly Add[], sortBy: readonly string[]): Record<string, string> => ({
  [SORTED]: sortBy.join(),
  [APPENDED]: String(Math.max(...files.map(appendedMs))),
})

const appendedMs = ({ tags, modificationTime }: Add): number => Number(tags?.[APPENDED] ?? modificationTime)

/** Rows of a file that are in memory at a time while it is merged with others. */
export const openRows = (add: Add, sortBy: readonly string[]): number =>
  add.tags?.[SORTED] === sortBy.join() ? Math.min(rowsOf(add), GROUP_ROWS) : rowsOf(add)

/**
 * The files that are most worth a rewrite, as many as memory and a file's size allow; undefined where none are.
 *
 * Files of a tier are taken once there are eight, with the smaller ones: so a row is rewritten once a tier. Of a partition that no rows come to any more,
 * all that are not full are taken then: it ends as one file per `targetBytes` and one for the rest.
 * @param passed - partitions to leave out.
 */
export function nextBin(files: Iterable<Add>, options: BinOptions, passed: ReadonlySet<string>): Bin | undefined {
  let best: Bin | undefined
  for (const [partition, wanted] of wantedOf(files, options))
    if (!passed.has(partition) && wanted.length > (best?.files.length ?? 1)) best = { partition, files: wanted }
  return best && { ...best, files: fitting(best.files, options) }
}

/** How many files are worth a rewrite now. */
export const countWanted = (files: Iterable<Add>, options: BinOptions): number =>
  [...wantedOf(files, options).values()].reduce((sum, wanted) => sum + (wanted.length > 1 ? wanted.length : 0), 0)

/** By partition, its files that are worth a rewrite; one alone is not. */
function wantedOf(
  files: Iterable<Add>,
  { targetBytes, writtenSinceMs = Number.POSITIVE_INFINITY }: BinOptions,
): Map<string, readonly Add[]> {
  const small = new Map<string, Add[]>()
  const written = new Set<string>()
  for (const add of files) {
    const partition = partitionOf(add)
    if (appendedMs(add) >= writtenSinceMs) written.add(partition)
    if (add.size >= targetBytes) continue
    const there = small.get(partition)
    if (there) there.push(add)
    else small.set(partition, [add])
  }
  return new Map([...small].map(([partition, all]) => [partition, ripe(all) ?? (written.has(partition) ? [] : bySize(all))]))
}

const partitionOf = ({ partitionValues }: Add): string => JSON.stringify(Object.entries(partitionValues).sort())

const tierOf = ({ size }: Add): number => {
  let tier = 0
  for (let bytes = FIRST_TIER_BYTES; size >= bytes; bytes *= TIER_FACTOR) tier++
  return tier
}

/** The files of the lowest tier that has enough of them, and all below it, the oldest first; undefined where none has. */
function ripe(files: readonly Add[]): Add[] | undefined {
  const counts: number[] = []
  for (const add of files) counts[tierOf(add)] = (counts[tierOf(add)] ?? 0) + 1
  const tier = counts.findIndex((count = 0) => count >= TIER_FILES)
  if (tier < 0) return undefined
  return files.filter((add) => tierOf(add) <= tier).sort((a, b) => appendedMs(a) - appendedMs(b))
}

/** The smallest first: what is large is rewritten last, and once. */
const bySize = (files: readonly Add[]): Add[] => files.toSorted((a, b) => a.size - b.size)

/** The first of these files, two at least, until they fill a file or memory. */
function fitting(files: readonly Add[], { targetBytes, sortBy }: BinOptions): readonly Add[] {
  let [bytes, rows, count] = [0, 0, 0]
  for (const add of files) {
    rows += openRows(add, sortBy)
    if (count >= 2 && (bytes >= targetBytes || rows > MOST_OPEN_ROWS)) break
    bytes += add.size
    count++
  }
  return files.slice(0, count)
}
