import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Answer, isAlive, TestHost, until } from './host.ts'

let host: TestHost
afterEach(() => host.remove())

const kill = (pid: number) => process.kill(pid, 'SIGKILL')

test('a replica that dies is replaced, and callers meanwhile wait instead of failing', async () => {
  host = await TestHost.start()
  await host.deploy('mortal')
  const pids = new Set<number>()
  for (let death = 0; death < 3; death++) {
    const { pid } = host.replicas()[0]!
    pids.add(pid)
    kill(pid)
    const answers = await Promise.all(Array.from({ length: 5 }, () => host.call('/function/mortal', { method: 'POST', body: 'x' })))
    // A call that was already on its way to the dying process may break off; it says so as a platform error.
    for (const { status, headers } of answers) {
      if (status !== 200) expect([status, headers['x-openfaas-internal']]).toEqual([503, 'proxy'])
    }
    await host.untilReady('mortal')
    expect((await host.call('/function/mortal')).status).toBe(200)
  }
  expect(pids.size).toBe(3)
})

test('a function that dies in a call answers 503 at once, and the next call finds its replacement', async () => {
  host = await TestHost.start()
  await host.deploy('fragile')
  const broken = await host.call('/function/fragile/crash', { method: 'POST', body: 'x' })
  expect(broken).toMatchObject({ status: 503, headers: { 'x-openfaas-internal': 'proxy', 'retry-after': '0' } })
  expect((await host.call('/function/fragile', { method: 'POST', body: 'x' })).status).toBe(200)
})

test('a function that cannot start costs its callers a 503, and works once it is deployed right', async () => {
  host = await TestHost.start({ FAAS_WAIT_MS: '300' })
  await host.system('POST', 'functions', { service: 'broken', image: 'probe', envVars: { CRASH_AT_START: '1' } })
  expect(await host.call('/function/broken')).toMatchObject({ status: 503, headers: { 'x-openfaas-internal': 'proxy' } })
  await host.deploy('broken')
  expect((await host.call('/function/broken')).status).toBe(200)
})

test('a killed host leaves its functions running and takes them over again', async () => {
  host = await TestHost.start()
  await host.deploy('kept', { labels: { 'com.openfaas.scale.min': '2' } })
  await host.deploy('removed')
  const before = host.replicas()
  await host.down('SIGKILL')
  expect(before.every(isAlive)).toBe(true)

  // As if the host had been killed between a replica's start and its record.
  const [stray] = before.filter(({ service }) => service === 'removed')
  writeFileSync(join(host.folder, 'data/replicas.json'), JSON.stringify(before.filter((one) => one !== stray)))

  // One dies while there is no host, and one function is gone from what the host finds deployed.
  const [dead, kept] = before.filter(({ service }) => service === 'kept')
  kill(dead!.pid)
  await until('it is dead', () => !isAlive(dead!))
  await host.up()
  await host.untilReady('kept')
  await until('the one that nobody knew is ended', () => !isAlive(stray!))

  const after = host.replicas().filter(({ service }) => service === 'kept')
  expect(after).toContainEqual(kept)
  expect(after).not.toContainEqual(dead)
  expect(after).toHaveLength(2)
  expect((await host.call('/function/kept')).status).toBe(200)
  expect((await host.call('/function/removed')).status).toBe(200)

  // A replica that was adopted is watched like any other.
  kill(kept!.pid)
  await until('it is replaced', () => {
    const now = host.replicas().filter(({ service }) => service === 'kept')
    return now.length === 2 && now.every(isAlive) && now.every(({ pid }) => pid !== kept!.pid)
  })
})

test('a host told to stop ends every replica, adopted ones as well, after the calls they serve', async () => {
  host = await TestHost.start()
  await host.deploy('adopted')
  await host.down('SIGKILL')
  await host.up()
  await host.deploy('own')
  await host.untilReady('adopted')
  const running = host.replicas()
  expect(running).toHaveLength(2)
  const slow: Promise<Answer> = host.call('/function/own/slow?ms=300')
  await until('the call is on its way', async () =>
    (await host.metrics()).includes('invocation_started{function_name="own.openfaas-fn"} 1'),
  )

  expect(await host.down('SIGTERM')).toBe(0)
  expect((await slow).status).toBe(200)
  expect(running.some(isAlive)).toBe(false)
})

test('a new form of a function takes over without one failed call', async () => {
  host = await TestHost.start()
  const labels = { 'com.openfaas.scale.min': '2' }
  await host.deploy('rolling', { labels, envVars: { FORM: '0' } })
  const seen = new Map<string, number>()
  const failed: Answer[] = []
  let going = true
  const caller = async () => {
    while (going) {
      const answer = await host.call('/function/rolling/slow?ms=5', { method: 'POST', body: 'x'.repeat(10_000) })
      if (answer.status !== 200) failed.push(answer)
      else seen.set(answer.json().env.FORM!, (seen.get(answer.json().env.FORM!) ?? 0) + 1)
    }
  }
  const callers = Array.from({ length: 6 }, caller)
  for (const form of ['1', '2', '3']) {
    await host.deploy('rolling', { labels, envVars: { FORM: form, READY_AFTER_MS: '100' } })
    await until(`form ${form} answers`, () => (seen.get(form) ?? 0) > 10)
  }
  going = false
  await Promise.all(callers)
  expect(failed).toEqual([])
  await until('the old ones have ended', () => host.replicas().length === 2)
})

test('a new form that does not start leaves the old one alone, also while that is not ready', async () => {
  host = await TestHost.start()
  await host.deploy('old')
  const [old] = host.replicas()
  await host.system('PUT', 'functions', { service: 'old', image: 'probe', envVars: { CRASH_AT_START: '1' } })
  const deaths = () => host.log().split('replica died').length
  expect((await host.call('/function/old/unready', { method: 'POST', body: 'x' })).status).toBe(503)
  const before = deaths()
  await until('the new form dies twice', () => deaths() >= before + 2)
  await fetch(`http://127.0.0.1:${old!.port}/be-ready`)
  await until('the old one answers', async () => (await host.call('/function/old')).json().pid === old!.pid)
})

test('labels and annotations change without a restart', async () => {
  host = await TestHost.start()
  await host.deploy('steady')
  const [before] = host.replicas()
  await host.deploy('steady', { annotations: { topic: 'a' } })
  expect(host.replicas()).toEqual([before])
  expect(JSON.parse((await host.system('GET', 'function/steady')).text).annotations).toEqual({ topic: 'a' })
})
