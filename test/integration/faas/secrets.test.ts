import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Answer, TestHost } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start()
})
afterEach(async () => {
  for (const { name } of await names()) await host.system('DELETE', 'secrets', { name })
})
afterAll(() => host.remove())

const create = (name: string, value: string) => host.system('POST', 'secrets', { name, value })
const names = async () => JSON.parse((await host.system('GET', 'secrets')).text)
const told = ({ status, text }: Answer) => [status, text]
/** What a function finds in its secrets folder. */
const seenBy = async (service: string): Promise<Record<string, { mode: string; base64: string }>> =>
  JSON.parse((await host.call(`/function/${service}/secrets`)).text)
const textsSeenBy = async (service: string) =>
  Object.fromEntries(Object.entries(await seenBy(service)).map(([name, { base64 }]) => [name, Buffer.from(base64, 'base64').toString()]))

test('a secret is created once, updated, listed without its value, and removed', async () => {
  expect(await names()).toEqual([])
  expect((await create('api-key', 'hemlig')).status).toBe(202)
  expect(told(await create('api-key', 'other'))).toEqual([409, 'secret api-key exists already: update it with PUT'])
  expect((await host.system('PUT', 'secrets', { name: 'api-key', namespace: 'openfaas-fn', value: 'new' })).status).toBe(202)
  expect((await create('b.example.com', 'x')).status).toBe(202)
  expect(await names()).toEqual([
    { name: 'api-key', namespace: 'openfaas-fn' },
    { name: 'b.example.com', namespace: 'openfaas-fn' },
  ])
  expect((await host.system('DELETE', 'secrets', { name: 'b.example.com' })).status).toBe(202)
  expect((await host.system('DELETE', 'secrets?namespace=openfaas-fn', { name: 'api-key' })).status).toBe(202)
  expect(await names()).toEqual([])
  for (const method of ['PUT', 'DELETE'])
    expect(told(await host.system(method, 'secrets', { name: 'api-key', value: 'x' }))).toEqual([404, 'secret api-key does not exist'])
})

test('a function finds the secrets it declares as files that only their owner can read, and no others', async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 10])
  await create('text', 'a value\n')
  // As faas-cli sends a file: as text, trimmed, and whole.
  await host.system('POST', 'secrets', { name: 'binary', value: bytes.toString().trim(), rawValue: bytes.toString('base64') })
  await create('other', 'not for this one')
  await host.deploy('reader', { secrets: ['text', 'binary'], envVars: { SECRETS_DIR: '/var/openfaas/secrets' } })
  await host.deploy('stranger', { secrets: ['other'] })

  expect(await seenBy('reader')).toEqual({
    text: { mode: '600', base64: Buffer.from('a value\n').toString('base64') },
    binary: { mode: '600', base64: bytes.toString('base64') },
  })
  expect(await textsSeenBy('stranger')).toEqual({ other: 'not for this one' })
  for (const folder of ['secrets', 'given']) expect(statSync(join(host.folder, 'data', folder)).mode & 0o777).toBe(0o700)
  expect(JSON.parse((await host.system('GET', 'function/reader')).text).secrets).toEqual(['text', 'binary'])
})

test('a function sees a changed secret without a restart, and no longer one that is removed', async () => {
  await create('turning', 'first')
  await host.deploy('turner', { secrets: ['turning'] })
  const pids = () => host.replicas().flatMap(({ service, pid }) => (service === 'turner' ? [pid] : []))
  const before = pids()
  expect(await textsSeenBy('turner')).toEqual({ turning: 'first' })
  await host.system('PUT', 'secrets', { name: 'turning', value: 'second' })
  expect(await textsSeenBy('turner')).toEqual({ turning: 'second' })
  expect(pids()).toEqual(before)

  await host.system('DELETE', 'secrets', { name: 'turning' })
  const left = await host.call('/function/turner/secrets')
  expect(left.text).not.toContain('second')
  expect(told(await host.system('PUT', 'functions', { service: 'turner', image: 'probe', secrets: ['turning'] }))).toEqual([
    400,
    'secret "turning" does not exist: create it first',
  ])
})

test('a function that declares other secrets than before is given those', async () => {
  await create('one', '1')
  await create('two', '2')
  await host.deploy('reader', { secrets: ['one'] })
  await host.deploy('reader', { secrets: ['two', 'one', 'two'] })
  expect(await textsSeenBy('reader')).toEqual({ one: '1', two: '2' })
  await host.deploy('reader', { secrets: ['two'] })
  expect(await textsSeenBy('reader')).toEqual({ two: '2' })
})

test('secrets outlive the host; what one left behind that was killed while it wrote is cleared away', async () => {
  await create('kept', 'as it was')
  await host.deploy('reader', { secrets: ['kept'] })
  await host.down('SIGKILL')
  writeFileSync(join(host.folder, 'data/secrets/kept~'), 'half')
  await host.up()
  await host.untilReady('reader')
  expect(await names()).toEqual([{ name: 'kept', namespace: 'openfaas-fn' }])
  expect(readdirSync(join(host.folder, 'data/secrets'))).toEqual(['kept'])
  expect(await textsSeenBy('reader')).toEqual({ kept: 'as it was' })
})

test.each([
  ['a path for a name', { name: '../x', value: 'x' }, 400, 'secret name "../x" must be'],
  ['dots for a name', { name: '..', value: 'x' }, 400, 'secret name ".." must be'],
  ['a slash in the name', { name: 'a/b', value: 'x' }, 400, 'secret name "a/b" must be'],
  ['a capital in the name', { name: 'Upper', value: 'x' }, 400, 'secret name "Upper" must be'],
  ['no name', { value: 'x' }, 400, 'name: '],
  ['an empty name', { name: '', value: 'x' }, 400, 'secret name "" must be'],
  ['a long name', { name: 'a'.repeat(254), value: 'x' }, 400, 'secret name'],
  ['no value', { name: 'empty' }, 400, 'secret empty has no value'],
  ['what is not base64', { name: 'a', rawValue: 'not base64!' }, 400, 'rawValue: '],
  ['another namespace', { name: 'a', value: 'x', namespace: 'dev' }, 400, 'namespace "dev" does not exist'],
  ['a large value', { name: 'a', value: 'x'.repeat(2 ** 20 + 1) }, 413, 'secret a is larger than 1048576 bytes'],
  ['what is not JSON', '{', 400, 'the body is not JSON'],
])('%s is refused in one clear line', async (_, body, status, line) => {
  const answer = await host.system('POST', 'secrets', body)
  expect(answer.status).toBe(status)
  expect(answer.text).toContain(line)
  expect(answer.text).not.toContain('\n')
  expect(await names()).toEqual([])
})

test('a secret of the largest size arrives whole, and secrets are closed to others', async () => {
  const value = '\u0001'.repeat(2 ** 20)
  const body = { name: 'large', value, rawValue: Buffer.from(value).toString('base64') }
  expect((await host.system('POST', 'secrets', body)).status).toBe(202)
  for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
    expect((await host.call('/system/secrets', { method, body: '{}' })).status).toBe(401)
})
