import { readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start({ FAAS_TIMEOUT_MS: '20000' })
})
afterAll(() => host.remove())

const untilStarted = (service: string, calls: number) =>
  until(`${calls} calls have begun`, async () =>
    (await host.metrics()).includes(`invocation_started{function_name="${service}.openfaas-fn"} ${calls}`),
  )
const pidOf = (service: string) => host.replicas().find((replica) => replica.service === service)?.pid

test("a function that takes more memory than it may is ended, which its log and the host's say, and started again", async () => {
  await host.deploy('greedy', { limits: { memory: '200Mi' } })
  const pid = pidOf('greedy')
  const modest = await host.call('/function/greedy/hold?mib=20', { method: 'POST', body: 'x' })
  expect([modest.status, pidOf('greedy')]).toEqual([200, pid])
  const broken = await host.call('/function/greedy/hold?mib=250&ms=15000', { method: 'POST', body: 'x' })
  expect([broken.status, broken.headers['x-openfaas-internal']]).toEqual([503, 'proxy'])
  await until('another one runs', () => pidOf('greedy') !== pid)
  await host.untilReady('greedy')
  for (const log of [host.log(), host.log('greedy')])
    expect(log).toMatch(/out of memory: it holds \d+\.\d MiB, limits\.memory is 200\.0 MiB/)
  expect((await host.call('/function/greedy')).status).toBe(200)
})

test('a function that is removed may not take more memory either while it finishes a call', async () => {
  await host.deploy('leaver', { limits: { memory: '200Mi' } })
  const call = host.call('/function/leaver/hold?after=500&mib=250&ms=15000', { method: 'POST', body: 'x' })
  await untilStarted('leaver', 1)
  await host.system('DELETE', 'functions', { functionName: 'leaver' })
  expect((await call).status).toBe(503)
  await until('its log says why', () => host.log('leaver').includes('out of memory'))
})

test('what a function has started counts as its memory, and ends with it', async () => {
  host.addImage('parent', 'parent.js')
  await host.deploy('parent', { image: 'parent', limits: { memory: '300Mi' } })
  const pid = pidOf('parent')
  const child = Number((await host.call('/function/parent/child')).text)
  expect(child).toBeGreaterThan(0)
  await host.call('/function/parent/grow', { method: 'POST', body: 'x' })
  await until('it is ended, and its log says why', () => pidOf('parent') !== pid && host.log('parent').includes('out of memory'))
  await until('its child has ended too', () => {
    try {
      process.kill(child, 0)
      return false
    } catch {
      return true
    }
  })
})

test('a function that asks for a tenth of a core is as nice as that, with all its threads; one that asks for nothing is not', async () => {
  await host.deploy('modest', { requests: { cpu: '100m' } })
  await host.deploy('plain', {})
  const niceOf = (service: string) => {
    const pid = pidOf(service)!
    return new Set(readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread))))
  }
  expect([...niceOf('modest')]).toEqual([Math.min(19, getPriority() + 10)])
  expect([...niceOf('plain')]).toEqual([getPriority()])
})

test('a call beyond exec_timeout is answered 504, whatever the function still does', async () => {
  await host.deploy('timed', { envVars: { exec_timeout: '300ms' } })
  const late = await host.call('/function/timed/slow?ms=10000', { method: 'POST', body: 'x' })
  expect([late.status, late.headers['x-openfaas-internal']]).toEqual([504, 'of-watchdog'])
  expect(late.text).toContain('exec_timeout')
  // A stream that goes on is broken off, not ended as if it were complete.
  await expect(host.call('/function/timed/events')).rejects.toThrow()
  expect((await host.call('/function/timed')).status).toBe(200)
})

test('a caller can ask for less time, not for more', async () => {
  await host.deploy('hasty', { envVars: { exec_timeout: '300ms' } })
  expect((await host.call('/function/hasty/slow?ms=10000', { headers: { 'x-timeout': '10s' } })).status).toBe(504)
  await host.deploy('patient')
  expect((await host.call('/function/patient/slow?ms=10000', { headers: { 'x-timeout': '100ms' } })).status).toBe(504)
})

test('calls beyond max_inflight are refused at once with 429 and when to come again', async () => {
  const labels = { 'com.openfaas.scale.max': '1' }
  await host.deploy('narrow', { envVars: { max_inflight: '2' }, labels })
  const held = [0, 1].map(() => host.hold('/function/narrow'))
  await untilStarted('narrow', 2)
  const refused = await host.call('/function/narrow', { method: 'POST', body: 'x'.repeat(100_000) })
  expect([refused.status, refused.headers['retry-after'], refused.headers['x-openfaas-internal']]).toEqual([429, '1', 'of-watchdog'])
  expect((await Promise.all(held.map((one) => one.finish()))).map(({ status }) => status)).toEqual([200, 200])
  expect((await host.call('/function/narrow')).status).toBe(200)
})

test('calls that fill a function make it grow', async () => {
  await host.deploy('filled', { envVars: { max_inflight: '1' }, labels: { 'com.openfaas.scale.max': '3' } })
  let going = true
  const callers = Array.from({ length: 4 }, async () => {
    while (going) await host.call('/function/filled/slow?ms=30', { method: 'POST', body: 'x' })
  })
  await until('there are three', async () => (await host.describe('filled')).availableReplicas === 3)
  going = false
  await Promise.all(callers)
})

test('a call that has begun is finished, when its function is deployed anew and when it is removed', async () => {
  await host.deploy('leaving', { envVars: { FORM: '1' } })
  const first = host.hold('/function/leaving')
  await untilStarted('leaving', 1)
  await host.deploy('leaving', { envVars: { FORM: '2' } })
  const second = host.hold('/function/leaving')
  await untilStarted('leaving', 2)
  await host.system('DELETE', 'functions', { functionName: 'leaving' })
  expect((await host.call('/function/leaving')).status).toBe(404)
  const answers = await Promise.all([first.finish(), second.finish()])
  expect(answers.map((answer) => [answer.status, answer.json().env.FORM])).toEqual([
    [200, '1'],
    [200, '2'],
  ])
})

test.each([
  [{ envVars: { exec_timeout: 'soon' } }, 'environment exec_timeout is "soon"'],
  [{ envVars: { max_inflight: 'many' } }, 'environment max_inflight is "many"'],
  [{ limits: { memory: 'much' } }, 'limits.memory is "much"'],
  [{ requests: { cpu: 'some' } }, 'requests.cpu is "some"'],
  [{ annotations: { 'scale.zero-after': 'never' } }, 'annotation scale.zero-after is "never"'],
  [{ annotations: { 'scale.up': '1' } }, 'annotation scale.up is unknown'],
])('a limit that is none is refused in one clear line: %j', async (more, line) => {
  const answer = await host.system('POST', 'functions', { service: 'wrong', image: 'probe', ...more })
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(line)])
  expect((await host.system('GET', 'function/wrong')).status).toBe(404)
})
