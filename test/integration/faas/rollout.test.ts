import { Agent } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
})
afterAll(() => host.remove())

const LABELS = { 'com.openfaas.scale.max': '3' }
const LARGE = 'x'.repeat(300_000)

/** Calls of all kinds, over connections that are kept and over new ones. */
const CALLS = [
  { path: '/slow?ms=30', method: 'POST', body: 'x' },
  { path: '/', method: 'POST', body: LARGE },
  { path: '/', method: 'GET' },
  { path: '/events?end', method: 'GET' },
  { path: '/large', method: 'POST', body: LARGE },
]

test('under load, with deployments and scaling all the while, no call fails', async () => {
  await host.deploy('rolling', { labels: LABELS, envVars: { FORM: '0' } })
  const agent = new Agent({ keepAlive: true })
  const wrong: string[] = []
  const forms = new Set<string>()
  let going = true
  let calls = 0
  const caller = async (number: number) => {
    for (let i = number; going; i++) {
      const { path, ...call } = CALLS[i % CALLS.length]!
      const more = number % 2 === 0 ? { agent } : {}
      const answer = await host
        .call(`/function/rolling${path}`, { ...call, ...more })
        .catch((error) => ({ status: 0, text: String(error) }))
      calls++
      if (answer.status !== 200) wrong.push(`${call.method} ${path}: ${answer.status} ${answer.text}`)
      else if ('json' in answer && answer.headers['x-probe']) forms.add(answer.json().env.FORM!)
    }
  }
  const callers = Array.from({ length: 10 }, (_, number) => caller(number))
  for (let form = 1; form <= 4; form++) {
    const more = form % 2 === 0 ? { READY_AFTER_MS: '200' } : {}
    await host.deploy('rolling', { labels: LABELS, envVars: { FORM: String(form), ...more } })
    await until(`form ${form} answers`, () => forms.has(String(form)))
    await host.system('POST', 'scale-function/rolling', { replicas: (form % 3) + 1 })
    const before = calls
    await until('calls went on', () => calls > before + 20)
  }
  going = false
  await Promise.all(callers)
  agent.destroy()
  expect(wrong).toEqual([])
})
