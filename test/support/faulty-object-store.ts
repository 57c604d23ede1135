import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'

/** What becomes of one request that writes: `lost` never arrives, `unanswered` is done, but its answer is lost; `late` is done a moment after its caller gave up. */
export type Fate = 'done' | 'lost' | 'unanswered' | 'late'

/** A store whose writes meet the fates that `next` draws. Reads are always answered. */
export function faultyObjectStore(store: ObjectStore, next: (key: string) => Fate): ObjectStore & { settle(): Promise<void> } {
  const late: Promise<unknown>[] = []
  const meet = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const fate = next(key)
    if (fate === 'done') return work()
    if (fate === 'unanswered') await work()
    if (fate === 'late') late.push(new Promise((done) => setTimeout(() => done(work()), 1)))
    throw new RetryableError('ERR_UNAVAILABLE', `S3: PUT ${key}: no answer`)
  }
  return {
    ...store,
    list: (prefix, after) => store.list(prefix, after),
    put: (key, bytes) => meet(key, () => store.put(key, bytes)),
    putIfAbsent: (key, bytes) => meet(key, () => store.putIfAbsent(key, bytes)),
    async settle() {
      await Promise.all(late)
    },
  }
}
