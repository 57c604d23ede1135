import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { First, FirstTable, Mark } from '../../ports/first-table.ts'
import { firstsKey } from './keys.ts'
import { keepFirstsScript, within } from './scripts.ts'

const THROUGH = '@through'
const PATIENCE_MS = 5_000
/** Reading all of them after a restart takes longer. */
const ALL_MS = 30_000

/** First messages of documents in one hash without a time to live: nothing may evict them; the fields are ids. See lua/keep-firsts.lua. @param name - whose they are. */
export function valkeyFirstTable(client: Redis, name: string): FirstTable {
  const key = firstsKey(name)
  const keep = keepFirstsScript(client)
  return {
    async mark() {
      return toMark(await within(PATIENCE_MS, 'documents', client.hget(key, THROUGH)))
    },
    async all() {
      const { [THROUGH]: mark, ...fields } = await within(ALL_MS, 'documents', client.hgetall(key))
      return { mark: toMark(mark), firsts: Object.entries(fields).map(([id, text]) => toFirst(id, text)) }
    },
    async keep(from, firsts, gone, through) {
      const mark = { through, name: `${through} ${randomUUID()}` }
      const fields = firsts.flatMap(({ id, version, timeMs, simhash }) => [id, `${version} ${timeMs} ${simhash ?? '-'}`])
      const kept = keep(1, key, from?.name ?? '', mark.name, gone.length, ...gone, ...fields)
      return (await within(PATIENCE_MS, 'documents', kept)) === 1 ? mark : undefined
    },
    async clear() {
      await within(PATIENCE_MS, 'documents', client.unlink(key))
    },
  }
}

/** A state is named by what stands there: the version, and what tells it from others of that version. */
const toMark = (text: string | null | undefined): Mark | undefined =>
  text ? { through: Number(text.split(' ')[0]), name: text } : undefined

function toFirst(id: string, text: string): First {
  const [version, timeMs, simhash = '-'] = text.split(' ')
  return { id, version: Number(version), timeMs: Number(timeMs), simhash: simhash === '-' ? null : simhash }
}
