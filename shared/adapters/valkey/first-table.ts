import type { Redis } from 'ioredis'
import type { First, FirstTable } from '../../ports/first-table.ts'
import { RetryableError } from '../../runtime/errors.ts'
import { firstsKey } from './keys.ts'
import { within } from './scripts.ts'

const THROUGH = '@through'
const PATIENCE_MS = 5_000
/** Reading all of them after a restart takes longer. */
const ALL_MS = 30_000

/** First messages of documents in one hash without a time to live: nothing may evict them; the fields are ids. @param name - whose they are. */
export function valkeyFirstTable(client: Redis, name: string): FirstTable {
  const key = firstsKey(name)
  return {
    async through() {
      const text = await within(PATIENCE_MS, 'documents', client.hget(key, THROUGH))
      return text === null ? undefined : Number(text)
    },
    async all() {
      const { [THROUGH]: _, ...fields } = await within(ALL_MS, 'documents', client.hgetall(key))
      return Object.entries(fields).map(([id, text]) => toFirst(id, text))
    },
    async keep(firsts, gone, through) {
      const fields = firsts.flatMap(({ id, version, timeMs, simhash }) => [id, `${version} ${timeMs} ${simhash ?? '-'}`])
      const changes = client.multi().hset(key, THROUGH, through, ...fields)
      if (gone.length > 0) changes.hdel(key, ...gone)
      for (const [error] of (await within(PATIENCE_MS, 'documents', changes.exec())) ?? [])
        if (error) throw new RetryableError('ERR_UNAVAILABLE', `Valkey: documents: ${error.message}`, error)
    },
    async clear() {
      await within(PATIENCE_MS, 'documents', client.unlink(key))
    },
  }
}

function toFirst(id: string, text: string): First {
  const [version, timeMs, simhash = '-'] = text.split(' ')
  return { id, version: Number(version), timeMs: Number(timeMs), simhash: simhash === '-' ? null : simhash }
}
