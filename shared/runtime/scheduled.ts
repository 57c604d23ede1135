import type { Hono } from 'hono'
import { idempotencyKey, ScheduledHeaders } from '../contract/scheduled.ts'
import { TerminalError } from './errors.ts'
import { defineFunction, type FunctionApp, type FunctionContext, type FunctionEnv } from './function.ts'

/** An instant of a function's schedule. */
export type Instant = {
  /** The time it is for, ms since the epoch; the call may come later. */
  readonly atMs: number
  /** The same in every call for this instant: what is written goes under it, so that a repeat changes nothing. */
  readonly key: string
  /** How many calls were begun for it, this one included. */
  readonly attempt: number
}

type Handle = (instant: Instant, traceparent: string) => Promise<void>

/** A function that a schedule calls (annotations `trigger.schedule` ...), with `POST /`. Repeated after a crash, with the same key. */
export const defineScheduled = ({ name, handle }: { readonly name: string; readonly handle: Handle }): FunctionApp =>
  defineFunction({ name, routes: (app) => scheduledRoute(app, name, '/', handle) })

/** Adds the route of a schedule to a function that has others: annotation `trigger.path` names it. */
export function scheduledRoute(app: Hono<FunctionEnv>, functionName: string, path: string, handle: Handle): void {
  app.post(path, async (c) => {
    const instant = instantOf(c, functionName)
    Object.assign(c.get('note'), { key: instant.key, attempt: instant.attempt })
    await handle(instant, c.get('traceparent'))
    return c.json({ ok: true })
  })
}

function instantOf(c: FunctionContext, functionName: string): Instant {
  const read = ScheduledHeaders.safeParse(c.req.header())
  if (!read.success) {
    const [{ path, message }] = read.error.issues as [(typeof read.error.issues)[number]]
    throw new TerminalError(
      'ERR_REQUEST',
      `header ${path.join('.')}: ${message} (name the instant, as X-Scheduled-Time: 2026-01-31T00:00:00Z)`,
    )
  }
  const { 'x-scheduled-time': atMs, 'idempotency-key': key, 'x-attempt': attempt } = read.data
  return { atMs, key: key ?? idempotencyKey(functionName, atMs), attempt }
}
