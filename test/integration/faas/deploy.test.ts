import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployStack } from '../../../infra/stack/deploy.ts'
import { TestHost } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
})
afterAll(() => host.remove())

const options = (functions: string, more = {}) => {
  const stackFile = join(host.folder, 'stack.yml')
  writeFileSync(stackFile, `provider: { name: openfaas }\nfunctions: ${functions}`)
  return { gatewayUrl: host.url, user: 'admin', password: 'secret word', stackFile, ...more }
}

test('a stack is deployed with its overrides, ready when it returns, and can be deployed again', async () => {
  const steps: string[] = []
  const onProgress = (service: string, state: string) => steps.push(`${service} ${state}`)
  const functions = '{ one: { image: local/probe, environment: { A: "1", B: "1" } }, two: { image: local/probe } }'
  await deployStack(options(functions, { env: { B: '2' }, onProgress }))
  expect(steps.toSorted()).toEqual(['one deployed', 'one ready', 'two deployed', 'two ready'])
  expect((await host.call('/function/one')).json().env).toMatchObject({ A: '1', B: '2' })

  const before = host.replicas()
  await deployStack(options(functions, { env: { B: '2' } }))
  expect(host.replicas()).toEqual(before)
})

test('only the functions asked for are deployed, and one that is not in the file is named', async () => {
  const functions = '{ chosen: { image: local/probe }, left: { image: local/probe } }'
  await deployStack(options(functions, { only: ['chosen'] }))
  expect((await host.call('/function/chosen')).status).toBe(200)
  expect((await host.call('/function/left')).status).toBe(404)
  await expect(deployStack(options(functions, { only: ['chosen', 'absent'] }))).rejects.toThrow(/no function absent; it has chosen, left/)
})

test('secrets that lie beside the stack file are brought along, again when they change; without one the deployment is refused', async () => {
  mkdirSync(join(host.folder, '.secrets'), { recursive: true })
  const seen = async () => JSON.parse((await host.call('/function/keeper/secrets')).text)
  const functions = '{ keeper: { image: local/probe, secrets: [beside, elsewhere] } }'
  writeFileSync(join(host.folder, '.secrets/beside'), 'first')
  await expect(deployStack(options(functions))).rejects.toThrow(/function keeper was refused: secret "elsewhere" does not exist/)
  await host.system('POST', 'secrets', { name: 'elsewhere', value: 'as it was' })
  const base64 = (text: string) => expect.objectContaining({ base64: Buffer.from(text).toString('base64') })
  for (const value of ['first', 'second']) {
    writeFileSync(join(host.folder, '.secrets/beside'), value)
    await deployStack(options(functions))
    expect(await seen()).toEqual({ beside: base64(value), elsewhere: base64('as it was') })
  }
})

test('a refusal is told in the words of the gateway', async () => {
  await expect(deployStack(options('{ bad: { image: local/absent } }'))).rejects.toThrow(
    /function bad was refused: image "local\/absent:latest" has no bundle/,
  )
  await expect(deployStack(options('{ one: { image: local/probe } }', { password: 'wrong' }))).rejects.toThrow(/invalid credentials/)
  await expect(deployStack(options('{ one: { image: local/probe } }', { gatewayUrl: 'http://127.0.0.1:9' }))).rejects.toThrow(
    /no gateway answers at/,
  )
})

test('a function that does not become ready is named', async () => {
  const functions = '{ stuck: { image: local/probe, environment: { CRASH_AT_START: "1" } } }'
  await expect(deployStack(options(functions, { readyWithinMs: 300 }))).rejects.toThrow(/not ready within 0.3 s: stuck/)
})
