import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../../infra/stack/ports.ts'
import { TestHost, until } from './host.ts'

let host: TestHost
beforeAll(async () => {
  host = await TestHost.start({ CANARY: 'of the host', HOME: '/root' })
  host.addImage('py', 'server.py', 'server.py')
})
afterAll(() => host.remove())

const post = (path: string, body: string) => host.call(path, { method: 'POST', body })

test('a server of somebody else runs when its command is given: it listens where PORT says', async () => {
  await host.deploy('py', { image: 'registry.example/team/py:1', envProcess: 'python3 server.py', envVars: { GREETING: 'hello' } })
  const answer = await post('/function/py/a?b=1', 'body')
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json'])
  expect(answer.json()).toMatchObject({ path: '/a?b=1', body: 'body' })
  const env = (answer.json() as unknown as { env: Record<string, string> }).env
  expect(env).toMatchObject({ GREETING: 'hello', HOST: '127.0.0.1', PORT: expect.any(String) })
  for (const ofTheHost of ['CANARY', 'FAAS_PORT', 'secret_mount_path', 'HOME']) expect(env).not.toHaveProperty(ofTheHost)
  expect(host.log('py')).toContain('POST /a?b=1')
  const many = await Promise.all(Array.from({ length: 50 }, (_, i) => post('/function/py', `body ${i}`)))
  expect(many.map((one) => (one.json() as unknown as { body: string }).body)).toEqual(many.map((_, i) => `body ${i}`))
})

test('or where its command says, with $PORT in it', async () => {
  await host.deploy('files', { image: 'py', envVars: { fprocess: 'python3 -m http.server --bind 127.0.0.1 $PORT' } })
  const answer = await host.call('/function/files/server.py')
  expect([answer.status, answer.text.includes('http.server')]).toEqual([200, true])
})

test('its code is read anew when it is deployed anew, and only when it is another', async () => {
  const deployment = { image: 'py', envVars: { fprocess: 'python3 server.py' } }
  const file = join(host.folder, 'dist/functions/py/word.txt')
  writeFileSync(file, 'one')
  await host.deploy('fresh', deployment)
  const [before] = host.replicas().filter(({ service }) => service === 'fresh')
  await host.deploy('fresh', deployment)
  expect(host.replicas()).toContainEqual(before)
  writeFileSync(file, 'second')
  await host.deploy('fresh', deployment)
  await until('the old one is gone', () => host.replicas().every(({ pid }) => pid !== before!.pid))
})

test('one that can listen on a single port has one replica, and no call fails while it is exchanged for another', async () => {
  const port = await freePorts(1)
  const deployment = (word: string) => ({
    image: 'py',
    envProcess: `python3 server.py ${port}`,
    envVars: { upstream_url: `http://127.0.0.1:${port}`, WORD: word },
  })
  await host.deploy('single', deployment('one'))
  let going = true
  const words = new Set<string>()
  const statuses = new Set<number>()
  const callers = Array.from({ length: 3 }, async () => {
    while (going) {
      const answer = await post('/function/single/slow', 'x')
      statuses.add(answer.status)
      if (answer.status === 200) words.add((answer.json() as unknown as { env: Record<string, string> }).env.WORD!)
    }
  })
  await until('the first one answers', () => words.has('one'))
  await host.deploy('single', deployment('two'))
  await until('the second one answers', () => words.has('two'))
  going = false
  await Promise.all(callers)
  expect([...statuses]).toEqual([200])
  expect(host.replicas().filter(({ service }) => service === 'single')).toHaveLength(1)
  const two = await host.system('POST', 'functions', {
    service: 'two',
    ...deployment('x'),
    labels: { 'com.openfaas.scale.min': '2' },
  })
  expect([two.status, two.text]).toEqual([400, expect.stringContaining('one replica')])
})

test('a port that is taken is said, and what listens there is not taken for the function', async () => {
  const envVars = { upstream_url: `http://127.0.0.1:${host.port}` }
  await host.system('POST', 'functions', { service: 'taken', image: 'py', envProcess: 'python3 server.py', envVars })
  await until('it is said', () => host.log('taken').includes(`port ${host.port} of upstream_url is taken`))
  expect((await host.describe('taken')).availableReplicas).toBe(0)
  await host.system('DELETE', 'functions', { functionName: 'taken' })
})

test.each([
  ['no-such-program --serve', 'there is no program no-such-program'],
  ['./absent.sh', 'there is no program ./absent.sh'],
])('a command that cannot run is refused: %s', async (envProcess, line) => {
  const answer = await host.system('POST', 'functions', { service: 'wrong', image: 'py', envProcess })
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(line)])
})
