import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { parseTraceparent } from '../contract/traceparent.ts'
import { CodedError } from './errors.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { problem, problemOf } from './problem.ts'
import { Counter, Histogram, type Registry } from './prometheus.ts'
import type { Resource } from './resource.ts'
import { newTraceparent } from './trace.ts'

/**
 * What every route sees: the raw request (absent in tests), the call's logger, the fields that end up in the call's one line, and the call's
 * W3C trace context, the caller's or a new one: what the call publishes carries it on.
 */
export type FunctionEnv = {
  Bindings: Partial<HttpBindings>
  Variables: { log: Log; note: Record<string, unknown>; traceparent: string }
}
export type FunctionContext = Context<FunctionEnv>
export type FunctionApp = Hono<FunctionEnv> & { readonly functionName: string }

type Definition = {
  readonly name: string
  /** Adds the function's own routes. */
  readonly routes: (app: Hono<FunctionEnv>) => void
  /** Where the function registers metrics of its own; by default one is made. */
  readonly metrics?: Registry
  /** A function called thousands of times a second logs its calls at `debug`. */
  readonly hot?: boolean
}

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]

/**
 * The same shell for every function: `/_/health` (the process), `/metrics`, errors as problem JSON, one log line and one timing a call.
 * `/_/ready` speaks of the servers behind it and is added by {@link addReadiness}.
 */
export function defineFunction({ name, routes, metrics = createMetrics(name), hot = false }: Definition): FunctionApp {
  const app = Object.assign(new Hono<FunctionEnv>(), { functionName: name })
  const log = createLog(name)
  const calls = new Counter({ name: 'function_calls_total', help: 'Calls, by status', labelNames: ['status'], registers: [metrics] })
  const seconds = new Histogram({ name: 'function_call_seconds', help: 'Duration of calls', buckets: SECONDS, registers: [metrics] })

  app.get('/_/health', (c) => c.text('ok'))
  app.get('/metrics', async (c) => c.text(await metrics.metrics(), 200, { 'content-type': metrics.contentType }))
  app.use(async (c, next) => {
    if (c.req.path.startsWith('/_/')) return next()
    const started = performance.now()
    c.set('log', log)
    c.set('note', {})
    const traceparent = parseTraceparent(c.req.header('traceparent')) ?? newTraceparent()
    c.set('traceparent', traceparent)
    await next()
    const ms = performance.now() - started
    seconds.observe(ms / 1000)
    calls.inc({ status: c.res.status })
    const level = c.res.status >= 500 ? 'warn' : hot ? 'debug' : 'info'
    if (level === 'debug' && log.level !== 'debug') return
    const callId = c.req.header('x-call-id')
    log[level]({ callId, traceparent, method: c.req.method, path: c.req.path, status: c.res.status, ms, ...c.get('note') }, 'call')
  })
  routes(app)
  app.notFound((c) => problem(404, 'ERR_NOT_FOUND', `no ${c.req.method} ${c.req.path} here`))
  app.onError((error, c) => {
    if (error instanceof CodedError) c.set('note', { ...c.get('note'), code: error.code })
    else log.error({ err: error }, 'a call failed')
    return problemOf(error)
  })
  return app
}

/** Adds `/_/ready`: 200 while every resource can serve, else 503 naming those that cannot. */
export function addReadiness(app: FunctionApp, resources: readonly Resource[]): void {
  app.get('/_/ready', async (c) => {
    const ready = await Promise.all(resources.map((resource) => resource.ready().catch(() => false)))
    const away = resources.filter((_, i) => !ready[i]).map((resource) => resource.name)
    return away.length === 0 ? c.text('ready') : problem(503, 'ERR_UNAVAILABLE', `not ready: ${away.join(', ')}`, { away })
  })
}
