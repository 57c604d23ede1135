import type { Hono } from 'hono'
import type { ZodType } from 'zod'
import { type Failure, parseAcked } from '../contract/acked.ts'
import { type AckedItem, itemOfRequest, itemsOf } from './acked-item.ts'
import { MOST_BATCH_BYTES, parsedBy, readBody } from './body.ts'
import { CodedError, RetryableError, TerminalError } from './errors.ts'
import { defineFunction, type FunctionApp, type FunctionEnv } from './function.ts'
import { createMetrics } from './metrics.ts'
import { problem } from './problem.ts'
import { Counter } from './prometheus.ts'

/** Messages that could not be taken: `failureOf` makes one from an error. What is not named is done. */
export type Failures = readonly Failure[] | undefined

type Definition<T> = {
  readonly name: string
  /** What a message's bytes mean: `json` makes one from a schema. What it throws sends the message to the dead letters. Without it, the bytes themselves. */
  readonly read?: (body: Uint8Array) => T
  /**
   * The effect. When it returns, it must be there to stay; done again, now or late, beside itself or by another process, it must change nothing.
   * @throws {RetryableError} when a server it needs is away: all the messages will come again, and this is not held against them.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that names no failures need not return anything
  readonly handle: (items: readonly AckedItem<T>[], traceparent: string) => Promise<Failures | void>
  /** Adds routes of its own, such as that of a schedule. */
  readonly routes?: (app: Hono<FunctionEnv>) => void
}

/**
 * A function that an acked trigger calls (docs/semantics.md): `POST /` takes a batch, or one plain message as OpenFaaS's connectors send it.
 * 200 = done but for what `failed` names, 400 ERR_BATCH = malformed, nothing was done, 503 = again later, 500 = again, and it counts.
 */
export function defineAcked<T = Uint8Array>({ name, read = (body) => body as T, handle, routes }: Definition<T>): FunctionApp {
  const metrics = createMetrics(name)
  const registers = [metrics]
  const handled = new Counter({ name: 'function_handled_total', help: 'Messages handled, repeats included', registers })
  const failed = new Counter({ name: 'function_failed_total', help: 'Messages not taken, by code', labelNames: ['code'], registers })

  /** Reads and handles; the failures are those of reading and those that the handler names. */
  const work = async (items: readonly AckedItem<Uint8Array>[], traceparent: string): Promise<Failure[]> => {
    const failures: Failure[] = []
    const readable = items.flatMap((item) => {
      try {
        return [item.with(read(item.value))]
      } catch (error) {
        failures.push(failureOf(item, error, false))
        return []
      }
    })
    if (readable.length > 0) failures.push(...((await handle(readable, traceparent)) ?? []))
    handled.inc(items.length - failures.length)
    for (const { code } of failures) failed.inc({ code: code ?? 'FAILED' })
    return failures
  }

  return defineFunction({
    name,
    hot: true,
    metrics,
    routes(app) {
      app.post('/', async (c) => {
        const body = await readBody(c, MOST_BATCH_BYTES)
        if (c.req.header('content-type') !== 'application/x-ndjson') {
          const [failure] = await work([itemOfRequest(c.req, body)], c.get('traceparent'))
          return failure ? refusal(failure) : c.json({ ok: true, done: 1 })
        }
        const batch = parsedBy(parseAcked, body)
        const failures = await work(itemsOf(batch), c.get('traceparent'))
        const { stream, count } = batch.head
        Object.assign(c.get('note'), { stream, count, failed: failures.length })
        return c.json({ ok: true, done: count - failures.length, ...(failures.length > 0 && { failed: failures }) })
      })
      routes?.(app)
    },
  })
}

/** Messages that are JSON of one schema. */
export function json<T>(schema: ZodType<T>): (body: Uint8Array) => T {
  const text = new TextDecoder('utf-8', { fatal: true })
  return (body) => {
    const parsed = schema.safeParse(JSON.parse(text.decode(body)))
    if (parsed.success) return parsed.data
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new TerminalError('BAD_MESSAGE', issues.join('; '))
  }
}

/**
 * Handles the messages one after the other. One that throws fails alone (a TerminalError for good, anything else to be tried again), and where order is
 * kept it holds back the later ones of its key.
 */
export const oneByOne =
  <T>(work: (item: AckedItem<T>, traceparent: string) => Promise<void>) =>
  async (items: readonly AckedItem<T>[], traceparent: string): Promise<Failures> => {
    const failures: Failure[] = []
    const ended = new Set<number>()
    let away: unknown
    for (const item of items) {
      if (item.key !== undefined && ended.has(item.key)) {
        failures.push({ index: item.index, code: 'ERR_UNAVAILABLE', error: 'an earlier message of its key failed', retry: true })
        continue
      }
      try {
        await work(item, traceparent)
      } catch (error) {
        if (error instanceof RetryableError) away = error
        failures.push(failureOf(item, error))
        if (item.key !== undefined && !(error instanceof TerminalError)) ended.add(item.key)
      }
    }
    // Nothing got through, and a server is away: that is no message's doing.
    if (away !== undefined && failures.length === items.length) throw away
    return failures
  }

/** How a message's error is told to the trigger. An error with a code of its own keeps it. */
export function failureOf({ index }: { readonly index: number }, error: unknown, retry = !(error instanceof TerminalError)): Failure {
  const code = error instanceof CodedError ? error.code : retry ? 'FAILED' : 'BAD_MESSAGE'
  return { index, code, error: error instanceof Error ? error.message : String(error), retry }
}

/** One message alone has no place for failures in its answer: the status says what to do. */
function refusal({ code = 'FAILED', error = '', retry }: Failure): Response {
  return problem(retry ? (code === 'ERR_UNAVAILABLE' ? 503 : 500) : 422, code, error)
}
