import type { Table } from '../../delta/table.ts'
import { epochOf, sequenceOf, versionOf } from '../../domain/version.ts'
import type { LakeStream, RefusedMessages, StreamFacts } from '../../ports/lake-stream.ts'
import { positionsIn } from '../position-txns.ts'
import { type Counted, type CountOptions, countNewest } from './count.ts'
import { factsOf, type PartitionFacts, partitionsOf } from './file-facts.ts'

export type AuditOptions = Omit<CountOptions, 'key'> & {
  readonly table: Table
  readonly stream: LakeStream
  /** Whose positions are in the table, and of which stream. */
  readonly functionName: string
  readonly streamName: string
}

/** Where slots stand that were committed together. */
export type Standing = { readonly slots: readonly number[]; readonly epoch: number; readonly sequence: number }

/** Messages `from` up to `to`, of which every row was looked at. What is null is not known. */
export type Counts = {
  readonly from: number
  readonly to: number
  readonly messages: number
  readonly rows: number
  /** Messages with no row that are in the dead letters. */
  readonly refused: number
  /** Neither a row nor a dead letter, though no letter was ever removed: they are lost. */
  readonly missing: number | null
  /** The same where letters were removed: refused and redriven, or lost. */
  readonly unexplained: number
  readonly double: number
}

export type Audit = {
  readonly table: string
  readonly version: number
  readonly at: string
  readonly partitions: readonly PartitionFacts[]
  readonly standings: readonly Standing[]
  readonly stream: {
    readonly first: number
    readonly last: number
    readonly epoch: number
    /** Up to which message all is committed; null where nothing of this epoch is. */
    readonly committed: number | null
    readonly lagMessages: number | null
    /** The age of the oldest message that is not committed. */
    readonly lagSeconds: number | null
    /** Messages that the stream dropped before they were committed. */
    readonly lost: number | null
  }
  readonly counts: Counts | null
  /** What is wrong, and what is not known, in words. */
  readonly faults: readonly string[]
  readonly notKnown: readonly string[]
}

/**
 * Holds a table of ticks against its stream: by its log, and as many of its newest rows as are affordable. It changes nothing.
 * @param exact - whether rows are looked at as well.
 */
export async function auditTicks(options: AuditOptions, exact: boolean): Promise<Audit> {
  const { table, stream, functionName, streamName } = options
  // Before the table: what is committed meanwhile must not look like lost.
  const facts = await stream.facts()
  const { version, files, txns } = await table.log.load()
  const known = [...files.values()].map(factsOf)
  const standings = standingsOf(positionsIn(txns, functionName, streamName))
  const epoch = Math.max(facts.epochs.at(-1)?.epoch ?? 1, ...standings.map((one) => one.epoch))
  const place = await placeOf(stream, facts, standings, epoch)
  const notKnown: string[] = []
  if (place.committed === null) notKnown.push(`nothing of epoch ${epoch} is committed`)
  const silent = known.filter(({ rows, sequences }) => rows === undefined || sequences === undefined).length
  if (silent > 0) notKnown.push(`${silent} files do not say which messages they hold`)
  let counts: Counts | null = null
  if (exact && place.committed !== null) {
    const counted = await countNewest(known, epoch, { ...options, key: table.spec.key })
    // After the rows: what is refused is written down before what comes after it is committed.
    if (counted) counts = countsOf(counted, await stream.refused(), { facts, epoch, committed: place.committed })
    if (!counts) notKnown.push('whether messages are missing or double: too many rows to look at them')
    else if (counts.from > beginOf(facts, epoch)) notKnown.push(`whether messages before ${counts.from} are missing or double`)
  } else notKnown.push('whether messages are missing or double: no rows were looked at')
  return {
    table: table.spec.key,
    version,
    at: new Date(facts.nowMs).toISOString(),
    partitions: partitionsOf(known),
    standings,
    stream: { first: facts.first, last: facts.last, epoch, ...place },
    counts,
    faults: faultsOf(place.lost, counts),
    notKnown,
  }
}

/** The first message of an epoch that the function was to read. */
const beginOf = ({ epochs, begin = 0 }: StreamFacts, epoch: number): number =>
  Math.max(epochs.find((one) => one.epoch === epoch)?.from ?? 1, begin + 1, 1)

function standingsOf(positions: ReturnType<typeof positionsIn>): Standing[] {
  const byVersion = Map.groupBy([...positions], ([, { version }]) => version)
  return [...byVersion]
    .map(([version, slots]) => ({
      slots: slots.map(([slot]) => slot).sort((a, b) => a - b),
      epoch: epochOf(version),
      sequence: sequenceOf(version),
    }))
    .sort((a, b) => a.slots[0]! - b.slots[0]!)
}

/** How far behind the slowest slot is, and what the stream has dropped meanwhile. */
async function placeOf(stream: LakeStream, facts: StreamFacts, standings: readonly Standing[], epoch: number) {
  const own = standings.filter((one) => one.epoch === epoch)
  // Slots of an earlier epoch have read nothing of this one.
  const isAll = own.length > 0 && own.length === standings.length
  const committed = isAll ? Math.min(...own.map(({ sequence }) => sequence)) : null
  const next = committed === null ? beginOf(facts, epoch) : committed + 1
  const lost = Math.max(0, facts.first - next)
  const lagMessages = Math.max(0, facts.last - Math.max(next, facts.first) + 1)
  const oldest = lagMessages > 0 ? await stream.timeOf(Math.max(next, facts.first)) : facts.nowMs
  const lagSeconds = oldest === undefined ? null : Math.max(0, (facts.nowMs - oldest) / 1000)
  // Where it is not known where the function began, what was dropped may never have been its.
  return { committed, lagMessages, lagSeconds, lost: committed === null && facts.begin === undefined ? null : lost }
}

function countsOf(
  { after, seen }: Counted,
  { versions, isComplete }: RefusedMessages,
  { facts, epoch, committed }: { readonly facts: StreamFacts; readonly epoch: number; readonly committed: number },
): Counts | null {
  const from = Math.max(beginOf(facts, epoch), after + 1)
  const messages = committed - from + 1
  if (messages <= 0) return null
  let absent = 0
  let refused = 0
  for (let sequence = from; sequence <= committed; sequence++) {
    if (seen.has(epoch, sequence)) continue
    if (versions.has(versionOf(epoch, sequence))) refused++
    else absent++
  }
  const found = seen.epochs().find((one) => one.epoch === epoch)
  const all = { from, to: committed, messages, rows: found?.rows ?? 0, refused, double: found?.double ?? 0 }
  return { ...all, missing: isComplete ? absent : absent === 0 ? 0 : null, unexplained: isComplete ? 0 : absent }
}

function faultsOf(lost: number | null, counts: Counts | null): string[] {
  const faults: string[] = []
  if (lost) faults.push(`the stream dropped ${lost} messages before they were committed`)
  if (counts?.missing) faults.push(`${counts.missing} messages are neither rows nor dead letters`)
  if (counts?.unexplained) faults.push(`${counts.unexplained} messages are neither rows nor dead letters, of which some were removed`)
  if (counts?.double) faults.push(`${counts.double} rows are there twice`)
  return faults
}
