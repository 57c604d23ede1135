import type { StreamAccess, StreamState } from '../../shared/adapters/nats/stream.ts'
import type { Positions } from '../../shared/contract/batch.ts'
import type { Position } from '../../shared/domain/position.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import type { Invoke } from '../invoke.ts'
import type { PositionedTrigger } from '../trigger.ts'
import { beginOf } from './begin.ts'
import { type EpochAccess, locate } from './epoch.ts'
import type { Epochs } from './epochs.ts'
import type { Lane } from './lane.ts'
import { type Mark, markOf, nsOfMark } from './mark.ts'

type PlaceDeps = EpochAccess & { readonly trigger: PositionedTrigger; readonly invoke: Invoke }

/** Where a reading has to start so that every lane sees all it needs. */
export type Reach = { readonly epochs: Epochs; readonly state: StreamState; readonly start: number; readonly unread: boolean }

type SlotPosition = { readonly slot: number; readonly begin: boolean; readonly position: Position }

/**
 * Places every lane that waits for it where its function stands, and checks that the stream still holds what the others have seen:
 * where it does not, they go on in the new epoch.
 * @throws {RetryableError} ERR_UNAVAILABLE and errors of the broker: try again.
 */
export async function placeLanes(deps: PlaceDeps, lanes: readonly Lane[]): Promise<Reach> {
  const waiting = lanes.filter((lane) => !lane.isPlaced)
  const others = lanes.filter((lane) => lane.isPlaced)
  // Noted before anything is awaited: a lane that meets a conflict meanwhile has seen nothing any more.
  const seen = others.map((lane): Position => ({ version: lane.seen.version, ns: nsOfMark(lane.seen) }))
  const ahead = others.map((lane) => lane.ahead)
  const bySlot = waiting.length > 0 ? await slotPositions(deps, waiting) : []
  const asked = [...bySlot.map(({ position }) => position), ...seen, ...ahead.flat()]
  // Two lives of a stream give one version to two messages.
  const distinct = [...new Map(asked.map((position) => [nameOf(position), position])).values()]
  const { epochs, state, reads } = await locate(deps, distinct)
  const marks = await Promise.all(distinct.map((position, i) => markAt(deps.stream, state, reads[i]!, position)))
  const marksByName = new Map(distinct.map((position, i) => [nameOf(position), marks[i]!]))
  const markOfRead = (position: Position) => marksByName.get(nameOf(position))!

  for (const lane of waiting) {
    const places = bySlot.filter(({ slot }) => lane.slots.includes(slot))
    const readMarks = places.map(({ position }) => markOfRead(position))
    lane.place(
      places.map(({ slot, begin, position }, i) => ({
        slot,
        begin,
        after: position.version,
        read: readMarks[i]!.version,
        ns: nsOfMark(readMarks[i]!),
      })),
      readMarks.reduce((a, b) => (b.version < a.version ? b : a)),
    )
  }
  for (const [i, lane] of others.entries()) {
    const { version, ms, subNs } = markOfRead(seen[i]!)
    if (version !== seen[i]!.version) lane.pass(version, ms, subNs)
    // What it believes of slots that it has not come to yet is about another life of the stream.
    if (ahead[i]!.some((position) => markOfRead(position).version !== position.version)) lane.doubt()
  }
  // A lane may also have met a conflict meanwhile; it will ask again.
  const placed = lanes.filter((lane) => lane.isPlaced)
  if (placed.length === 0) throw new RetryableError('ERR_UNAVAILABLE', 'the stream changed while it was looked at')
  const start = Math.min(...placed.map((lane) => sequenceOf(lane.seen.version) + 1))
  return { epochs, state, start, unread: bySlot.every(({ begin }) => !begin) }
}

const nameOf = ({ version, ns }: Position): string => `${version} ${ns}`

/** The position of each slot of these lanes: what the function has stored, or where it began. */
async function slotPositions(deps: PlaceDeps, lanes: readonly Lane[]): Promise<SlotPosition[]> {
  const { trigger, invoke, stream } = deps
  const slots = lanes.flatMap((lane) => lane.slots)
  let stored: Positions = Object.assign({}, ...lanes.map((lane) => lane.sought))
  if (slots.some((slot) => stored[slot] === undefined)) stored = await invoke.positions(trigger.functionName, stream.name)
  const beginning = slots.some((slot) => !stored[slot])
    ? await beginOf(deps, trigger.functionName, trigger.start, await locate(deps, []))
    : undefined
  return slots.map((slot) => {
    const position = stored[slot]
    return position ? { slot, begin: false, position } : { slot, begin: true, position: beginning! }
  })
}

/**
 * The mark at a version that a position was found to stand at. Its time is unknown only where the stream has dropped the message.
 * @throws {RetryableError} ERR_UNAVAILABLE when the message went since the stream was looked at.
 */
async function markAt(stream: StreamAccess, { first }: StreamState, version: number, position: Position): Promise<Mark> {
  const sequence = sequenceOf(version)
  if (sequence === sequenceOf(position.version)) return markOf(version, position.ns)
  if (sequence < Math.max(first, 1)) return markOf(version, '0')
  const message = await stream.message(sequence)
  // A message that is younger than what was read has come there since.
  const isOther = message && position.ns !== '0' && BigInt(message.ns) > BigInt(position.ns)
  if (!message || isOther) throw new RetryableError('ERR_UNAVAILABLE', 'the stream changed while it was looked at')
  return markOf(version, message.ns)
}
