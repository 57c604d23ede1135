import { expect, test } from 'vitest'
import { parseTraceparent } from '../../../../shared/contract/traceparent.ts'
import { RetryableError, TerminalError } from '../../../../shared/runtime/errors.ts'
import { addReadiness, defineFunction } from '../../../../shared/runtime/function.ts'
import { createMetrics, WeightedHistogram } from '../../../../shared/runtime/metrics.ts'
import { Counter } from '../../../../shared/runtime/prometheus.ts'

const thrower = (error: unknown) =>
  defineFunction({
    name: 'sample',
    routes: (app) =>
      app.get('/', () => {
        throw error
      }),
  })

test.each([
  [new TerminalError('ERR_REQUEST', 'wrong'), 400, 'ERR_REQUEST'],
  [new TerminalError('ERR_NOT_FOUND', 'nothing'), 404, 'ERR_NOT_FOUND'],
  [new RetryableError('ERR_UNAVAILABLE', 'away'), 503, 'ERR_UNAVAILABLE'],
  [new RetryableError('ERR_OUTBOX_FULL', 'full'), 503, 'ERR_OUTBOX_FULL'],
  [new Error('a bug with a password'), 500, 'ERR_INTERNAL'],
])('%s answers %d as problem JSON', async (error, status, code) => {
  const res = await thrower(error).request('/')
  expect(res.status).toBe(status)
  expect(res.headers.get('content-type')).toBe('application/problem+json')
  expect(res.headers.get('retry-after')).toBe(status === 503 ? '0' : null)
  const body = await res.text()
  expect(JSON.parse(body)).toMatchObject({ status, code })
  expect(body).not.toContain('password')
})

test('a path nobody serves is a problem too', async () => {
  expect(await (await thrower(null).request('/nowhere')).json()).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' })
})

test('health is the process, readiness the servers behind it', async () => {
  const app = thrower(null)
  let there = false
  addReadiness(app, [
    { name: 'a', ready: async () => true, close: async () => {} },
    { name: 'b', ready: async () => there, close: async () => {} },
    { name: 'c', ready: () => Promise.reject(new Error('no')), close: async () => {} },
  ])
  expect((await app.request('/_/health')).status).toBe(200)
  const res = await app.request('/_/ready')
  expect({ status: res.status, ...((await res.json()) as object) }).toMatchObject({ status: 503, away: ['b', 'c'] })
  there = true
  expect(await (await app.request('/_/ready')).json()).toMatchObject({ away: ['c'] })
})

test('calls are counted by status, beside the metrics of the function itself', async () => {
  const metrics = createMetrics('sample')
  new Counter({ name: 'own_total', help: 'its own', registers: [metrics] }).inc(3)
  const app = defineFunction({ name: 'sample', metrics, routes: (app) => app.get('/', (c) => c.text('ok')) })
  await app.request('/')
  await app.request('/')
  const text = await (await app.request('/metrics')).text()
  expect(text).toContain('function_calls_total{status="200",process="sample"} 2')
  expect(text).toContain('own_total{process="sample"} 3')
})

test('a call goes on in the trace of its caller; where that is none, a new one begins', async () => {
  const app = defineFunction({ name: 'sample', routes: (app) => app.get('/', (c) => c.text(c.get('traceparent'))) })
  const traceOf = async (headers: Record<string, string>) => (await app.request('/', { headers })).text()
  const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  expect(await traceOf({ traceparent: given })).toBe(given)
  const fresh = [await traceOf({}), await traceOf({ traceparent: 'nonsense' })]
  expect(fresh.map(parseTraceparent)).toEqual(fresh)
  expect(fresh[0]).not.toBe(fresh[1])
})

test('a weighted histogram counts many equal observations at once', async () => {
  const metrics = createMetrics('sample')
  const histogram = new WeightedHistogram(metrics, 'wait_seconds', 'waiting', [0.1, 1])
  histogram.observe(0.1, 4)
  histogram.observe(0.5, 2)
  histogram.observe(7, 1)
  const lines = (await metrics.metrics()).split('\n').filter((line) => line.startsWith('wait'))
  expect(lines).toEqual([
    'wait_seconds_bucket{le="0.1",process="sample"} 4',
    'wait_seconds_bucket{le="1",process="sample"} 6',
    'wait_seconds_bucket{le="+Inf",process="sample"} 7',
    'wait_seconds_sum{process="sample"} 8.4',
    'wait_seconds_count{process="sample"} 7',
  ])
})
