import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestHost, until } from './host.ts'

/** One that takes replicas away soon, and one that lets no call wait for a replica in place of another. */
let host: TestHost
let hasty: TestHost
beforeAll(async () => {
  ;[host, hasty] = await Promise.all([TestHost.start({ FAAS_SCALE_DOWN_MS: '1000' }), TestHost.start({ FAAS_WAIT_MS: '0' })])
})
afterAll(() => Promise.all([host.remove(), hasty.remove()]))

const scale = (service: string, replicas: number, on = host) =>
  on.system('POST', `scale-function/${service}`, { serviceName: service, replicas })
const running = (service: string, on = host) => on.replicas().filter((replica) => replica.service === service).length

/** Calls a function from several callers at once until told to stop; gives every answer that was not 200. */
function callers(service: string, count: number, path = '/slow?ms=20'): () => Promise<number[]> {
  let going = true
  const wrong: number[] = []
  const caller = async () => {
    while (going) {
      const { status } = await host.call(`/function/${service}${path}`, { method: 'POST', body: 'x' })
      if (status !== 200) wrong.push(status)
    }
  }
  const all = Array.from({ length: count }, caller)
  return async () => {
    going = false
    await Promise.all(all)
    return wrong
  }
}

test('replicas follow the calls in flight between least and most, and no call fails on the way up or down', async () => {
  await host.deploy('elastic', { labels: { 'com.openfaas.scale.max': '3' }, annotations: { 'scale.target': '2' } })
  const many = callers('elastic', 8)
  await until('there are three', async () => (await host.describe('elastic')).availableReplicas === 3)
  const few = callers('elastic', 1)
  expect(await many()).toEqual([])
  await until('there is one', () => running('elastic') === 1)
  expect(await few()).toEqual([])
  expect(host.log()).toContain('"service":"elastic","from":3')
})

test('what was asked for by hand is what there is at rest', async () => {
  await host.deploy('handmade', { labels: { 'com.openfaas.scale.max': '4' }, annotations: { 'scale.target': '2' } })
  expect((await scale('handmade', 2)).status).toBe(202)
  await host.untilReady('handmade')
  const stop = callers('handmade', 8)
  await until('calls need more', async () => (await host.describe('handmade')).replicas > 2)
  expect(await stop()).toEqual([])
  await until('it is as before', async () => (await host.describe('handmade')).replicas === 2)

  await host.down('SIGKILL')
  await host.up()
  await host.untilReady('handmade')
  expect(await host.describe('handmade')).toMatchObject({ replicas: 2, availableReplicas: 2 })
})

test('a function goes to sleep when nobody calls, and the first calls wake it: all of them are kept, none refused', async () => {
  const envVars = { max_inflight: '3', READY_AFTER_MS: '300' }
  await hasty.deploy('sleeper', { envVars, labels: { 'com.openfaas.scale.max': '1' }, annotations: { 'scale.zero-after': '1s' } })
  await until('it sleeps', async () => (await hasty.describe('sleeper')).replicas === 0 && running('sleeper', hasty) === 0)
  expect(await hasty.describe('sleeper')).toMatchObject({ replicas: 0, availableReplicas: 0 })

  const body = 'x'.repeat(100_000)
  const answers = await Promise.all(Array.from({ length: 30 }, () => hasty.call('/function/sleeper/slow?ms=10', { method: 'POST', body })))
  expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200))
  expect(answers.every((answer) => answer.json().sizeBytes === body.length)).toBe(true)
  expect(new Set(answers.map((answer) => answer.json().pid)).size).toBe(1)
  await until('it sleeps again', () => running('sleeper', hasty) === 0)
})

test('none by hand is for functions that may sleep, and lasts until a call', async () => {
  await host.deploy('steady')
  const refused = await scale('steady', 0)
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('scale.zero-after')])

  await host.deploy('drowsy', { annotations: { 'scale.zero-after': '10m' }, labels: { 'com.openfaas.scale.min': '2' } })
  expect((await scale('drowsy', 0)).status).toBe(202)
  await until('it sleeps', () => running('drowsy') === 0)
  expect((await host.call('/function/drowsy')).status).toBe(200)
  expect((await host.describe('drowsy')).replicas).toBe(2)
  await host.untilReady('drowsy')
})

test('a host that comes back lets sleeping functions sleep, and wakes them when they are called or deployed', async () => {
  const annotations = { 'scale.zero-after': '10m' }
  await host.deploy('one', { annotations })
  await host.deploy('two', { annotations })
  await scale('one', 0)
  await until('one sleeps', () => running('one') === 0)
  await host.down('SIGKILL')
  await host.up()
  await host.untilReady('two')
  expect([running('one'), running('two')]).toEqual([0, 1])
  expect((await host.call('/function/one')).status).toBe(200)

  await scale('two', 0)
  await until('two sleeps', () => running('two') === 0)
  await host.deploy('two', { annotations, envVars: { FORM: '2' } })
  expect(await host.describe('two')).toMatchObject({ replicas: 1, availableReplicas: 1 })
})

test('a function that cannot wake up costs its callers a 503 as soon as that is known', async () => {
  const more = { annotations: { 'scale.zero-after': '10m' } }
  await hasty.system('POST', 'functions', { service: 'dead', image: 'probe', envVars: { CRASH_AT_START: '1' }, ...more })
  await scale('dead', 0, hasty)
  await until('it sleeps', () => running('dead', hasty) === 0)
  expect((await hasty.call('/function/dead')).status).toBe(503)
  expect(hasty.log('dead')).toMatch(/died: exit code 3/)
})

test('a caller that leaves a sleeping function costs no call', async () => {
  await host.deploy('left', { envVars: { READY_AFTER_MS: '300' }, annotations: { 'scale.zero-after': '10m' } })
  await scale('left', 0)
  await until('it sleeps', () => running('left') === 0)
  const abort = new AbortController()
  const leaving = fetch(`${host.url}/function/left`, { signal: abort.signal }).catch(() => 'left')
  await until('it wakes', () => running('left') === 1)
  abort.abort()
  expect(await leaving).toBe('left')
  await host.untilReady('left')
  expect(await host.metrics()).toContain('gateway_function_invocation_total{function_name="left.openfaas-fn",code="499"} 1')
})
