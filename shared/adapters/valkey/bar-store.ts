import type { Position } from '../../domain/position.ts'
import type { BarStore, SlotCommit, StoredSlot } from '../../ports/bar-store.ts'
import type { Valkey } from './connect.ts'
import { barPositionsKey, outboxKey, slotField, stateKey } from './keys.ts'
import { packNames, packPairs } from './list.ts'
import { advanceScript, committedOf, within } from './scripts.ts'

/** Stored beside the state; a release that stores it otherwise takes another number. */
const SCHEMA = '2'
const SCHEMA_FIELD = '@schema'
/** A restart with loading fits in; beyond it the caller is told to come again. */
const PATIENCE_MS = 5_000
const NOTHING = Buffer.alloc(0)

/** Bar state in Valkey: the positions of all slots in one hash, the fields and the outbox of each in one of their own; see lua/advance-bars.lua. */
export function valkeyBarStore({ state }: Valkey, slots: number): BarStore {
  const advance = advanceScript(state)
  return {
    async positions() {
      const stored = await within(PATIENCE_MS, 'positions', state.hgetall(barPositionsKey))
      checkSchema(stored)
      return Array.from({ length: slots }, (_, slot) => standing(stored[slotField(slot)]).position)
    },
    async load(wanted) {
      const reads = state.multi().hgetall(barPositionsKey)
      for (const slot of wanted) reads.hgetallBuffer(stateKey(slot)).hgetallBuffer(outboxKey(slot))
      const results = (await within(PATIENCE_MS, 'load', reads.exec())) ?? []
      const [positions, ...hashes] = results.map(([error, hash]) => {
        if (error) throw error
        return hash
      }) as [Record<string, string>, ...Record<string, Buffer>[]]
      checkSchema(positions)
      return wanted.map(
        (slot, i): StoredSlot => ({
          ...standing(positions[slotField(slot)]),
          fields: new Map(Object.entries(hashes[2 * i]!)),
          outbox: new Map(Object.entries(hashes[2 * i + 1]!)),
        }),
      )
    },
    async commit({ version, ns }, token, commits) {
      const changed = commits.filter(isChange)
      const keys = changed.flatMap(({ slot }) => [stateKey(slot), outboxKey(slot)])
      const moves = commits.flatMap(({ slot, after, begin, token: known }) => [slotField(slot), `${after} ${known} `, begin ? '1' : '0'])
      const changes = changed.flatMap(({ puts, deletes, outbox, published }) => [
        puts.length > 0 ? packPairs(puts) : NOTHING,
        deletes.length > 0 ? packNames(deletes) : NOTHING,
        outbox === null ? NOTHING : Buffer.from(outbox.buffer, outbox.byteOffset, outbox.length),
        published.length > 0 ? packNames(published) : NOTHING,
      ])
      const position = `${version} ${token} ${ns}`
      const head = [version, position, token, SCHEMA, commits.length]
      const answer = advance(1 + keys.length, barPositionsKey, ...keys, ...head, ...moves, ...changes)
      return committedOf(await within(PATIENCE_MS, 'commit', answer))
    },
  }
}

const isChange = ({ puts, deletes, outbox, published }: SlotCommit): boolean =>
  puts.length + deletes.length + published.length > 0 || outbox !== null

/** What is stored of a slot's position. */
function standing(text: string | undefined): { position: Position | null; token: string } {
  if (text === undefined) return { position: null, token: '' }
  const [version, token, ns] = text.split(' ') as [string, string, string]
  return { position: { version: Number(version), ns }, token }
}

function checkSchema({ [SCHEMA_FIELD]: schema }: Record<string, string>): void {
  if (schema !== undefined && schema !== SCHEMA) committedOf(-3)
}
