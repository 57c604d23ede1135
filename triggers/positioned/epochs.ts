import type { Position } from '../../shared/domain/position.ts'
import { epochOf, sequenceOf, versionOf } from '../../shared/domain/version.ts'

/** Messages from sequence `from` on belong to this epoch, up to the next entry. Both ascend from entry to entry. */
export type EpochEntry = { readonly epoch: number; readonly from: number }

/** What a stream's epochs are known to be, and the life of the stream they were found in. */
export type Epochs = { readonly entries: readonly EpochEntry[]; readonly created: string }

/** What the stream holds now, as far as it matters here. */
type StreamNow = { readonly created: string; readonly last: number }

/**
 * A position and the broker's time (ns) of the message that the stream holds at its sequence now; undefined where it holds none.
 * `younger` is the first sequence with a later time than the position's: given where its message is not there any more and its time is known.
 */
export type Found = { readonly position: Position; readonly ns: string | undefined; readonly younger?: number }

/** The epoch of the message at a sequence. */
export const epochAt = (entries: readonly EpochEntry[], sequence: number): number =>
  (entries.findLast(({ from }) => from <= sequence) ?? entries[0]!).epoch

/** Where the epoch after the one of this sequence begins; infinite where there is none. */
export const nextBorder = (entries: readonly EpochEntry[], sequence: number): number =>
  entries.find(({ from }) => from > sequence)?.from ?? Number.POSITIVE_INFINITY

/**
 * Whether the stream still holds what was read at a position. A message that is gone was purged by the stream's limits, if this is
 * still the same life of the stream and has gone beyond.
 */
export function holds({ position: { version, ns }, ns: now }: Found, stream: StreamNow, created: string): boolean {
  const sequence = sequenceOf(version)
  if (sequence === 0) return true
  if (sequence > stream.last) return false
  return now === undefined ? stream.created === created : ns === '0' || now === ns
}

export type Verdict =
  | { readonly kind: 'fine' }
  /** The stream was re-created or rewound, or the record is older than what functions know: a new epoch begins at sequence `from`. */
  | { readonly kind: 'begin'; readonly epoch: number; readonly from: number }

/** Compares positions with the stream and the record of its epochs. */
export function judge(epochs: Epochs, stream: StreamNow, found: readonly Found[]): Verdict {
  const { entries, created } = epochs
  const known = entries.at(-1)!.epoch
  const epoch = Math.max(known, ...found.map(({ position }) => epochOf(position.version))) + 1
  const held = found.filter((one) => holds(one, stream, created))
  // The record fell back: where its last epochs began is not known any more, so all that is still to be read is of a new one.
  if (epoch > known + 1 || held.some((one) => isBehind(entries, one))) {
    const unread = found.map((one) => (held.includes(one) ? sequenceOf(one.position.version) + 1 : unreadAt(entries, one)))
    return { kind: 'begin', epoch, from: Math.min(...unread) }
  }
  const isSameLife = created === stream.created
  const lost = found.filter((one) => !held.includes(one) && !(isSameLife && isKnown(entries, one)))
  if (lost.length === 0 && isSameLife) return { kind: 'fine' }
  return { kind: 'begin', epoch, from: newFrom(lost, held) }
}

/** Whether the record gives the message after a held position a version below it, which nobody would read. */
const isBehind = (entries: readonly EpochEntry[], { position: { version } }: Found): boolean =>
  epochAt(entries, sequenceOf(version) + 1) < epochOf(version)

/** Whether the record says already what became of a lost position: the first message not read before it has a newer epoch. */
const isKnown = (entries: readonly EpochEntry[], found: Found): boolean =>
  epochAt(entries, unreadAt(entries, found)) > epochOf(found.position.version)

/**
 * The first sequence not read before a lost position: what is younger. Messages of its own life were read, and so were those of later lives that lie
 * below: a position is lost long after an epoch has begun, too. Where its time is unknown, that is where the next epoch begins.
 */
const unreadAt = (entries: readonly EpochEntry[], { position, younger }: Found): number =>
  younger ?? entries.find(({ epoch }) => epoch > epochOf(position.version))?.from ?? 1

/** The first sequence not read before: the first one younger than what was lost, else behind all that is still held, else the first of all. */
function newFrom(lost: readonly Found[], held: readonly Found[]): number {
  const younger = lost.flatMap((one) => one.younger ?? [])
  if (younger.length > 0) return Math.min(...younger)
  if (lost.length > 0) return 1
  return Math.max(0, ...held.map(({ position }) => sequenceOf(position.version))) + 1
}

/** Adds a new epoch: entries that begin at or behind it speak of messages that are no more. */
export const begin = (entries: readonly EpochEntry[], next: EpochEntry): EpochEntry[] => [
  ...entries.filter(({ from }) => from < next.from),
  next,
]

/**
 * A position in terms of the stream as it is now: the version up to which messages count as read.
 * Where the stream no longer holds its message, that is everything before the first younger one.
 */
export function readOf({ entries, created }: Epochs, stream: StreamNow, found: Found): number {
  const { version } = found.position
  const sequence = sequenceOf(version)
  if (holds(found, stream, created)) return Math.max(version, versionOf(epochAt(entries, sequence), sequence))
  const unread = unreadAt(entries, found)
  return versionOf(epochAt(entries, unread), unread - 1)
}
