import type { Position } from '../../shared/domain/position.ts'
import { epochOf, sequenceOf, versionOf } from '../../shared/domain/version.ts'

/** Messages from sequence `from` on belong to this epoch, up to the next entry. Both ascend from entry to entry. */
export type EpochEntry = { readonly epoch: number; readonly from: number }

/** What a stream's epochs are known to be, and the life of the stream they were found in. */
export type Epochs = { readonly entries: readonly EpochEntry[]; readonly created: string }

/** What the stream holds now, as far as it matters here. */
export type StreamNow = { readonly created: string; readonly last: number }

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
  /** The record is older than what functions know (a restored backup): this is what it must have been. */
  | { readonly kind: 'learn'; readonly epochs: Epochs }
  /** The stream was re-created or rewound: a new epoch begins at sequence `from`. */
  | { readonly kind: 'begin'; readonly epoch: number; readonly from: number }

/** Compares positions with the stream and the record of its epochs. */
export function judge(epochs: Epochs, stream: StreamNow, found: readonly Found[]): Verdict {
  const { entries, created } = epochs
  const isSameLife = created === stream.created
  const lost = found.filter((one) => !holds(one, stream, created) && !(isSameLife && isKnown(entries, one)))
  if (lost.length > 0 || !isSameLife) {
    const all = [...entries.map(({ epoch }) => epoch), ...found.map(({ position }) => epochOf(position.version))]
    return { kind: 'begin', epoch: Math.max(...all) + 1, from: newFrom(lost, found, stream, created) }
  }
  const held = found.filter((one) => holds(one, stream, created)).sort((a, b) => a.position.version - b.position.version)
  const learnt = held.reduce(learn, entries)
  if (learnt === entries) return { kind: 'fine' }
  return { kind: 'learn', epochs: { entries: learnt, created } }
}

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
function newFrom(lost: readonly Found[], found: readonly Found[], stream: StreamNow, created: string): number {
  const younger = lost.flatMap((one) => one.younger ?? [])
  if (younger.length > 0) return Math.min(...younger)
  if (lost.length > 0) return 1
  const held = found.filter((one) => holds(one, stream, created)).map(({ position }) => sequenceOf(position.version))
  return Math.max(0, ...held) + 1
}

/** A message that is where it was read in an epoch which the record does not have there: so the record was wrong. */
function learn(entries: readonly EpochEntry[], { position: { version } }: Found): readonly EpochEntry[] {
  const epoch = epochOf(version)
  const from = Math.max(sequenceOf(version), 1)
  // The last entry has the greatest epoch ever written: a lower one that is not on record was dropped for a reason.
  if (epoch <= entries.at(-1)!.epoch) return entries
  return begin(entries, { epoch, from })
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
