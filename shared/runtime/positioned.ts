import type { Hono } from 'hono'
import type { Positions } from '../contract/batch.ts'
import { type Batch, parseBatch } from '../contract/framing.ts'
import { MOST_BATCH_BYTES, parsedBy, readBody } from './body.ts'
import { TerminalError } from './errors.ts'
import { defineFunction, type FunctionApp, type FunctionEnv } from './function.ts'
import { problem } from './problem.ts'
import type { Registry } from './prometheus.ts'

/** What became of a batch: `applied` counts messages taken in, `rejected` those sent to the dead letters. */
export type Outcome =
  | { readonly kind: 'applied'; readonly applied: number; readonly rejected: number }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'conflict'; readonly positions: Positions }

type Definition = {
  readonly name: string
  /**
   * Applies effect and position of a batch in one atomic step, or neither. What is published for it carries the call's trace context as header
   * `traceparent`; nothing else may depend on that.
   * @throws {RetryableError} when a server it needs is away: the same batch will come again.
   */
  readonly apply: (batch: Batch, traceparent: string) => Promise<Outcome>
  /** Where every slot of a stream stands. */
  readonly positions: (stream: string) => Promise<Positions>
  readonly metrics?: Registry
  /** Adds routes of its own, such as that of a schedule. */
  readonly routes?: (app: Hono<FunctionEnv>) => void
}

/**
 * A function that owns its position (docs/semantics.md): `POST /` takes a batch, `GET /positions?stream=` tells where it stands.
 * 200 = applied now or before, 409 ERR_POSITION = go on from the positions in the answer, 400 ERR_BATCH = malformed, nothing applied, 503 = again later.
 */
export function definePositioned({ name, apply, positions, metrics, routes }: Definition): FunctionApp {
  return defineFunction({
    name,
    hot: true,
    ...(metrics && { metrics }),
    routes(app) {
      app.post('/', async (c) => {
        const batch = parsedBy(parseBatch, await readBody(c, MOST_BATCH_BYTES))
        const { stream, epoch, last, count } = batch.head
        const outcome = await apply(batch, c.get('traceparent'))
        Object.assign(c.get('note'), { stream, epoch, last, count, outcome: outcome.kind })
        if (outcome.kind === 'conflict') {
          const detail = 'the batch does not start at the stored position'
          return problem(409, 'ERR_POSITION', detail, { positions: outcome.positions })
        }
        const repeat = outcome.kind === 'repeat'
        return c.json({ ok: true, applied: repeat ? 0 : outcome.applied, repeat, rejected: repeat ? 0 : outcome.rejected })
      })
      app.get('/positions', async (c) => {
        const stream = c.req.query('stream')
        if (!stream) throw new TerminalError('ERR_REQUEST', 'name the stream: ?stream=')
        return c.json({ positions: await positions(stream) })
      })
      routes?.(app)
    },
  })
}
