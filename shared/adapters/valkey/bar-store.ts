import type { Position } from '../../domain/position.ts'
import type { BarStore, StoredSlot } from '../../ports/bar-store.ts'
import type { Valkey } from './connect.ts'
import { outboxKey, stateKey } from './keys.ts'
import { packNames, packPairs } from './list.ts'
import { advanceScript, committedOf, within } from './scripts.ts'

/** Stored beside the state; a release that stores it otherwise takes another number. */
const SCHEMA = '1'
/** A restart with loading fits in; beyond it the caller is told to come again. */
const PATIENCE_MS = 5_000
const NOTHING = Buffer.alloc(0)

const positionOf = (version: string | null | undefined, ns: string | null | undefined): Position | null =>
  version ? { version: Number(version), ns: ns ?? '0' } : null

/** Bar state in Valkey, one hash a slot; see lua/advance-bars.lua. @param slots - how many slots the stream has. */
export function valkeyBarStore({ state }: Valkey, slots: number): BarStore {
  const advance = advanceScript(state)
  return {
    async positions() {
      const reads = Array.from({ length: slots }, (_, slot) => state.hmget(stateKey(slot), '@version', '@ns'))
      const found = await within(PATIENCE_MS, 'positions', Promise.all(reads))
      return found.map(([version, ns]) => positionOf(version, ns))
    },
    async load(wanted) {
      const reads = state.multi()
      for (const slot of wanted) reads.hgetallBuffer(stateKey(slot)).hgetallBuffer(outboxKey(slot))
      const results = (await within(PATIENCE_MS, 'load', reads.exec())) ?? []
      const hashes = results.map(([error, hash]) => {
        if (error) throw error
        return hash as Record<string, Buffer>
      })
      return wanted.map((_, i) => storedSlot(hashes[2 * i]!, hashes[2 * i + 1]!))
    },
    async commit(position, token, commits) {
      const keys = commits.flatMap(({ slot }) => [stateKey(slot), outboxKey(slot)])
      const slotArguments = commits.flatMap(({ after, begin, token: known, puts, deletes, outbox, published }) => [
        after,
        begin ? '1' : '0',
        known,
        packPairs(puts),
        packNames(deletes),
        outbox === null ? NOTHING : Buffer.from(outbox.buffer, outbox.byteOffset, outbox.length),
        packNames(published),
      ])
      const answer = advance(keys.length, ...keys, position.version, position.ns, token, SCHEMA, ...slotArguments)
      return committedOf(await within(PATIENCE_MS, 'commit', answer))
    },
  }
}

function storedSlot(state: Record<string, Buffer>, outbox: Record<string, Buffer>): StoredSlot {
  const { '@version': version, '@ns': ns, '@token': token, '@schema': schema, ...fields } = state
  if (schema && schema.toString() !== SCHEMA) committedOf(-3)
  return {
    position: positionOf(version?.toString(), ns?.toString()),
    token: token?.toString() ?? '',
    fields: new Map(Object.entries(fields)),
    outbox: new Map(Object.entries(outbox)),
  }
}
