import { POSITIONS_INDEX } from '../../contract/doc-indices.ts'
import type { Position } from '../../domain/position.ts'
import type { PositionTable } from '../../ports/position-table.ts'
import type { Opensearch } from './connect.ts'
import { away, isStatus } from './failure.ts'

/** What a document of positions says, and what a write of it is compared with; without the two there is no document. */
type Found = { readonly slots: Readonly<Record<string, Position>>; readonly seqNo?: number; readonly term?: number }

/** What was read, and of which life of the server. */
type Known = { readonly run: string; readonly found: Found }

/** Writers that meet: one of them is through each time. */
const TRIES = 20

/**
 * The positions of one function, a document a stream with all its slots, in an index of its own.
 *
 * A write is compared with what was read (`if_seq_no`, `if_primary_term`), and of writers that meet the greatest version stays. Nothing is recorded where the
 * server is not the process that was read, or shows less than was read: what was written before may be gone then (data restored from a copy).
 */
export function opensearchPositionTable({ client }: Pick<Opensearch, 'client'>, functionName: string): PositionTable {
  const known = new Map<string, Known>()
  const idOf = (stream: string) => JSON.stringify([functionName, stream])
  const get = async (stream: string): Promise<Found> => {
    try {
      const { body } = await client.get({ index: POSITIONS_INDEX, id: idOf(stream) })
      const { slots } = body._source as unknown as { slots: Record<string, Position> }
      return { slots, seqNo: body._seq_no!, term: body._primary_term! }
    } catch (error) {
      if (isNoDocument(error)) return { slots: {} }
      throw away('positions cannot be read', error)
    }
  }
  /** @returns undefined when it is no longer as it was found. */
  const put = async (stream: string, slots: Found['slots'], { seqNo, term }: Found): Promise<Found | undefined> => {
    const fence = seqNo === undefined ? { op_type: 'create' as const } : { if_seq_no: seqNo, if_primary_term: term! }
    try {
      const { body } = await client.index({
        index: POSITIONS_INDEX,
        id: idOf(stream),
        ...fence,
        body: { function: functionName, stream, slots },
      })
      return { slots, seqNo: body._seq_no!, term: body._primary_term! }
    } catch (error) {
      if (isStatus(error, 409)) return undefined
      throw away('a position is not recorded', error)
    }
  }
  return {
    async read(stream) {
      // In this order: of a server that is restarted in between, the run is the old one, and nothing is recorded.
      const run = await runOf(client)
      const found = await get(stream)
      known.set(stream, { run, found })
      return new Map(Object.entries(found.slots).map(([slot, position]) => [Number(slot), position]))
    },
    async write(stream, slots, position) {
      const read = known.get(stream)
      if (!read) throw new Error('positions are written only after they were read')
      let here = read.found
      if ((await runOf(client)) !== read.run) return
      for (let i = 0; i < TRIES; i++) {
        const moved = slots.filter((slot) => !(here.slots[slot] && here.slots[slot].version >= position.version))
        if (moved.length === 0) return
        const written = await put(stream, { ...here.slots, ...Object.fromEntries(moved.map((slot) => [slot, position])) }, here)
        if (written) {
          known.set(stream, { run: read.run, found: written })
          return
        }
        const now = await get(stream)
        if (!covers(now, here)) return
        here = now
      }
      throw away('a position is not recorded', new Error(`${TRIES} other writers were first`))
    },
  }
}

/** Which processes the server is made of now. */
async function runOf(client: Opensearch['client']): Promise<string> {
  try {
    const { body } = await client.cluster.state({ metric: ['nodes'], filter_path: 'cluster_uuid,nodes.*.ephemeral_id' })
    return JSON.stringify(body)
  } catch (error) {
    throw away('positions cannot be read', error)
  }
}

/** Whether each slot stands where it stood, or further on. */
const covers = (now: Found, before: Found): boolean =>
  Object.entries(before.slots).every(([slot, { version }]) => (now.slots[slot]?.version ?? -1) >= version)

/** No such document; that the index itself is not there says nothing about positions. */
const isNoDocument = (error: unknown): boolean => isStatus(error, 404) && (error as { body?: { found?: boolean } }).body?.found === false
