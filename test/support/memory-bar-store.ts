import { fence, type Position } from '../../shared/domain/position.ts'
import type { BarStore, StoredSlot } from '../../shared/ports/bar-store.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

type Kept = { position: Position; token: string; fields: Map<string, Uint8Array>; outbox: Map<string, Uint8Array> }

/** Bar state in memory; test/conformance/bar-store.ts holds it to what the real one does. `fail` lets the next calls fail before or after they are done. */
export function memoryBarStore(slots: number) {
  let kept = new Map<number, Kept>()
  const faults: ('before' | 'after')[] = []
  const faulty = async <T>(work: () => T): Promise<T> => {
    const fault = faults.shift()
    if (fault === 'before') throw new RetryableError('ERR_UNAVAILABLE', 'the store is away')
    const result = work()
    if (fault === 'after') throw new RetryableError('ERR_UNAVAILABLE', 'the store went away')
    return result
  }
  const store: BarStore = {
    positions: () => faulty(() => Array.from({ length: slots }, (_, slot) => kept.get(slot)?.position ?? null)),
    load: (wanted) => faulty(() => wanted.map((slot) => storedSlot(kept.get(slot)))),
    commit: (position, token, commits) =>
      faulty(() => {
        const there = commits.map(({ slot }) => kept.get(slot))
        const stored = there.map((slot) => slot?.position ?? null)
        const after = commits.map((commit) => commit.after)
        const begin = commits.map((commit) => commit.begin)
        const decision = fence(stored, after, begin, position)
        if (decision !== 'apply') return decision
        if (commits.some((commit, i) => commit.token !== (there[i]?.token ?? ''))) return 'stale'
        for (const [i, { slot, puts, deletes, outbox, published }] of commits.entries()) {
          const { fields, outbox: entries } = storedSlot(there[i])
          for (const name of deletes) fields.delete(name)
          for (const [name, value] of puts) fields.set(name, value)
          for (const name of published) entries.delete(name)
          if (outbox) entries.set(token, outbox)
          kept.set(slot, { position, token, fields, outbox: entries })
        }
        return 'applied'
      }),
  }
  return Object.assign(store, {
    fail: (...when: ('before' | 'after')[]) => void faults.push(...when),
    /** A copy to fall back to with `restore`, as a server does that lost its last seconds. */
    snapshot: () => structuredClone(kept),
    restore: (copy: Map<number, Kept>) => {
      kept = structuredClone(copy)
    },
  })
}

function storedSlot(kept: Kept | undefined): StoredSlot & Kept {
  const fields = new Map(kept?.fields)
  const outbox = new Map(kept?.outbox)
  // A slot without a position is only ever read as StoredSlot, where null is allowed.
  return { position: kept?.position ?? (null as unknown as Position), token: kept?.token ?? '', fields, outbox }
}
