import type { ObjectStore } from '../ports/object-store.ts'
import type { Log } from './log.ts'
import { KEPT_VERSIONS } from './writer.ts'

/** Deletions in one request. */
const AT_ONCE = 1000
/** The log reaches back so far at least (delta.logRetentionDuration). */
const KEPT_MS = 30 * 86_400_000

type Options = { readonly store: ObjectStore; readonly key: string; readonly nowMs: number; readonly untilMs: number }

/**
 * Deletes the log's files before the newest checkpoint that is older than the retention and has {@link KEPT_VERSIONS} versions behind it ("Metadata
 * Cleanup"): every version from that checkpoint on can still be read. Oldest first, so that whatever is left when it is cut short is whole.
 * @returns how many files were deleted, and whether that is all.
 */
export async function cleanUpLog(log: Log, { store, key, nowMs, untilMs }: Options): Promise<{ deleted: number; done: boolean }> {
  const { commits, checkpoints, others } = await log.files()
  const newest = commits.at(-1)?.version ?? -1
  const cutoff = newest - KEPT_VERSIONS
  const base = checkpoints.findLast(({ version, modifiedMs }) => version <= cutoff && nowMs - modifiedMs > KEPT_MS)
  if (!base) return { deleted: 0, done: true }
  const old = [...commits, ...checkpoints, ...others].filter(({ version }) => version < base.version).sort((a, b) => a.version - b.version)
  let deleted = 0
  while (deleted < old.length && Date.now() <= untilMs) {
    const part = old.slice(deleted, deleted + AT_ONCE)
    await store.remove(part.map(({ path }) => `${key}/${path}`))
    deleted += part.length
  }
  return { deleted, done: deleted === old.length }
}
