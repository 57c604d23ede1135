import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
  host.addImage('closer', 'closer.js')
})
afterAll(() => host.remove())

test.each([
  ['POST', 20],
  ['POST', 20_000],
  ['POST', 100_000],
  ['GET', 0],
])(
  'a connection that the function closes just now costs no caller an error, and no call is done twice: %s of %i bytes',
  async (method, sizeBytes) => {
    const name = `closer-${method.toLowerCase()}-${sizeBytes}`
    await host.deploy(name, { image: 'closer' })
    const statuses = new Map<number, number>()
    const caller = async () => {
      for (let i = 0; i < 60; i++) {
        const { status } = await host.call(`/function/${name}`, { method, body: 'x'.repeat(sizeBytes) })
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        await sleep(Math.random() * 8)
      }
    }
    await Promise.all([caller(), caller(), caller()])
    expect([...statuses]).toEqual([[200, 180]])
    const { text } = await host.call(`/function/${name}/count`)
    // What may be done twice by its own method is.
    if (method === 'POST') expect(text).toBe('180')
    else expect(Number(text)).toBeGreaterThanOrEqual(180)
  },
)

test('a call that the function read before it died is not done again', async () => {
  await host.deploy('dies')
  await host.call('/function/dies', { method: 'POST', body: 'warm' })
  const pids = new Set(host.replicas().map(({ pid }) => pid))
  expect((await host.call('/function/dies/crash-in-body', { method: 'POST', body: 'x' })).status).toBe(503)
  await until('it is replaced', () => host.replicas().some(({ service, pid }) => service === 'dies' && !pids.has(pid)))
  await host.untilReady('dies')
  expect(host.log('dies').match(/died: exit code 1/g)).toHaveLength(1)
})
