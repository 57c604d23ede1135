import { RetryableError } from '../../runtime/errors.ts'
import type { Resource } from '../../runtime/resource.ts'
import { resumeSuspended } from './resume.ts'

export type Row = readonly (string | number | boolean | null)[]

/** A QuestDB server, spoken to over HTTP. */
export type Questdb = Resource & {
  readonly url: URL
  /**
   * Runs one SQL statement and gives its rows: timestamps as ISO text, LONG as number.
   * @throws {RetryableError} ERR_UNAVAILABLE when the server is away or refuses. Our statements are fixed, so a refusal means that the server
   * is not (yet) as it should be, such as a table missing; it never speaks of a message.
   */
  sql(statement: string): Promise<readonly Row[]>
}

const QUERY_TIMEOUT_MS = 15_000

/** Opens no connection: each statement does, or takes one that idles. `ready` also sets tables going again that stopped applying what was written. */
export function connectQuestdb({ QUESTDB_URL }: { readonly QUESTDB_URL: string }): Questdb {
  const url = new URL(QUESTDB_URL)
  const headers: Record<string, string> = {}
  if (url.username) {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
  }
  const questdb: Questdb = {
    name: 'questdb',
    url,
    async sql(statement) {
      try {
        const res = await fetch(`${url.origin}/exec?query=${encodeURIComponent(statement)}`, {
          headers,
          signal: AbortSignal.timeout(QUERY_TIMEOUT_MS),
        })
        const text = await res.text()
        // A server that asks for other credentials, or stands behind a proxy, answers in words.
        if (!text.startsWith('{')) throw new Error(`status ${res.status} ${text.slice(0, 100)}`.trim())
        const answer = parse(text)
        if (!res.ok || answer.error !== undefined) throw new Error(answer.error ?? `status ${res.status}`)
        return answer.dataset ?? []
      } catch (cause) {
        throw new RetryableError('ERR_UNAVAILABLE', `QuestDB: ${reason(cause)}`, cause)
      }
    },
    async ready() {
      await resumeSuspended(questdb)
      return true
    },
    async close() {},
  }
  return questdb
}

/** QuestDB writes some control characters of a text as they are, which JSON forbids. */
const parse = (text: string): { dataset?: Row[]; error?: string } =>
  JSON.parse(text.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`))

/** `fetch failed` alone says nothing: its cause does. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message || error.cause.name}` : error.message
}
