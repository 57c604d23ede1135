import { pipeline } from 'node:stream/promises'
import { NAMESPACE, Refusal } from '../deployment.ts'
import type { LogLine } from '../logs/part.ts'
import { readLog } from '../logs/read.ts'
import type { Handler } from './call.ts'

/** A caller that leaves is no failure. */
const LEFT = ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']

/** How often a stream looks whether its function is still there. */
const LOOK_MS = 1_000

/** A function's log, one JSON object a line; with `follow` until the caller leaves or the function is removed. */
export const logs: Handler = async ({ deployments, query, response }) => {
  const asked = parse(query)
  const { service, follow } = asked
  if (!deployments.get(service)) throw new Refusal(404, `function ${service} is not deployed`)
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  response.flushHeaders()
  const over = new AbortController()
  response.once('close', () => over.abort())
  const watch = setInterval(() => deployments.get(service) ?? over.abort(), LOOK_MS)
  try {
    const lines = readLog({ folder: deployments.logFolder, ...asked }, follow ? over.signal : undefined)
    await pipeline(lines, (batches) => jsonLines(batches, service), response)
  } catch (error) {
    if (!LEFT.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    clearInterval(watch)
  }
  return undefined
}

async function* jsonLines(batches: AsyncIterable<LogLine[]>, name: string): AsyncGenerator<string> {
  for await (const batch of batches) {
    const lines = batch.map(({ instance, ms, text }) => {
      return JSON.stringify({ name, namespace: NAMESPACE, instance, timestamp: new Date(ms).toISOString(), text })
    })
    if (lines.length > 0) yield `${lines.join('\n')}\n`
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Reads a query as OpenFaaS does: of a parameter that is repeated the last counts, and `tail` is no limit unless above 0. @throws {Refusal} 422 */
function parse(query: URLSearchParams) {
  const last = (key: string) => query.getAll(key).at(-1) ?? ''
  const [service, since, tail] = [last('name'), last('since'), last('tail')]
  if (service === '') throw new Refusal(422, 'name is missing: whose log?')
  if (!/^([+-]?\d+)?$/.test(tail)) throw new Refusal(422, `tail is "${tail}": a whole number is needed`)
  const sinceMs = RFC3339.test(since) ? Date.parse(since) : Number.NaN
  if (since !== '' && Number.isNaN(sinceMs)) throw new Refusal(422, `since is "${since}": a time like 2026-01-31T12:00:00Z is needed`)
  return {
    service,
    instance: last('instance') || undefined,
    sinceMs: since === '' ? undefined : sinceMs,
    last: Number(tail) > 0 ? Number(tail) : undefined,
    follow: ['1', 't', 'true'].includes(last('follow').toLowerCase()),
  }
}
