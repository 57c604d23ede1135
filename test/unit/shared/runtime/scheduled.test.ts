import { expect, test } from 'vitest'
import { scheduledHeaders } from '../../../../shared/contract/scheduled.ts'
import { RetryableError } from '../../../../shared/runtime/errors.ts'
import { defineFunction } from '../../../../shared/runtime/function.ts'
import { defineScheduled, type Instant, scheduledRoute } from '../../../../shared/runtime/scheduled.ts'

const AT = Date.UTC(2026, 0, 31, 9, 30)

function setUp(work: () => Promise<void> = async () => {}) {
  const instants: Instant[] = []
  const app = defineScheduled({
    name: 'nightly',
    async handle(instant) {
      instants.push(instant)
      await work()
    },
  })
  const post = (headers: Readonly<Record<string, string>>) => app.request('/', { method: 'POST', headers })
  return { instants, post }
}

test('a function is told the instant, its key, and which call for it this is', async () => {
  const { instants, post } = setUp()
  expect((await post(scheduledHeaders('nightly', AT, 2))).status).toBe(200)
  expect(instants).toEqual([{ atMs: AT, key: 'nightly:20260131T093000Z', attempt: 2 }])
})

test('called by hand, the time is enough', async () => {
  const { instants, post } = setUp()
  expect((await post({ 'X-Scheduled-Time': '2026-01-31T10:30:00+01:00' })).status).toBe(200)
  expect(instants).toEqual([{ atMs: AT, key: 'nightly:20260131T093000Z', attempt: 1 }])
})

test.each([[{}], [{ 'X-Scheduled-Time': 'soon' }], [{ 'X-Scheduled-Time': '2026-01-31' }]])('%j names no instant: 400', async (headers) => {
  const { instants, post } = setUp()
  const res = await post(headers as Record<string, string>)
  expect(res.status).toBe(400)
  expect(await res.json()).toMatchObject({ code: 'ERR_REQUEST', detail: expect.stringContaining('x-scheduled-time') })
  expect(instants).toEqual([])
})

test('while a server is away it answers 503, and the call comes again', async () => {
  const { post } = setUp(async () => {
    throw new RetryableError('ERR_UNAVAILABLE', 'NATS is away')
  })
  expect((await post(scheduledHeaders('nightly', AT, 1))).status).toBe(503)
})

test('a function with other routes takes its schedule at a path of its own', async () => {
  const keys: string[] = []
  const app = defineFunction({
    name: 'f',
    routes(own) {
      own.post('/', (c) => c.text('a batch'))
      scheduledRoute(own, 'f', '/daily', async ({ key }) => void keys.push(key))
    },
  })
  const res = await app.request('/daily', { method: 'POST', headers: scheduledHeaders('f', AT, 1) })
  expect(res.status).toBe(200)
  expect(keys).toEqual(['f:20260131T093000Z'])
})
