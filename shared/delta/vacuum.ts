import type { ObjectStore } from '../ports/object-store.ts'
import { TOMBSTONES_MS } from './checkpoint.ts'
import { keyOfPath, LOG } from './path.ts'
import type { Snapshot } from './snapshot.ts'

type Options = { readonly store: ObjectStore; readonly key: string; readonly nowMs: number; readonly untilMs: number }

/** Deletions in one request. */
const AT_ONCE = 1000

/**
 * Deletes files that belong to no version a reader may still ask for: neither live, nor removed within the retention, and themselves older than it (a
 * younger one may be of a commit under way). Names that begin with `_` or `.` are not data.
 * @returns how many were deleted, and whether all was looked at within the time given: what is left, the next run finds again.
 */
export async function vacuum(snapshot: Snapshot, { store, key, nowMs, untilMs }: Options): Promise<{ deleted: number; done: boolean }> {
  const retained = [...snapshot.tombstones.values()].filter(({ deletionTimestamp }) => nowMs - (deletionTimestamp ?? 0) <= TOMBSTONES_MS)
  const kept = new Set([...snapshot.files.keys(), ...retained.map(({ path }) => path)].map((path) => keyOfPath(path, key)))
  let deleted = 0
  let batch: string[] = []
  const flush = async () => {
    if (batch.length > 0) await store.remove(batch)
    deleted += batch.length
    batch = []
  }
  for await (const object of store.list(`${key}/`)) {
    const path = object.key.slice(key.length + 1)
    const isHidden = path.split('/').some((part) => /^[_.]/.test(part) && !part.includes('='))
    if (path.startsWith(LOG) || isHidden || kept.has(object.key) || nowMs - object.modifiedMs <= TOMBSTONES_MS) continue
    batch.push(object.key)
    if (batch.length === AT_ONCE) await flush()
    if (Date.now() > untilMs) {
      await flush()
      return { deleted, done: false }
    }
  }
  await flush()
  return { deleted, done: true }
}
