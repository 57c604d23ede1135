import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReplicaRecord } from '../../../infra/faas/registry.ts'
import { isAlive, TestHost, until } from './host.ts'

let host: TestHost
/** Does not end when it is told to. */
let deaf: ReplicaRecord
beforeAll(async () => {
  host = await TestHost.start({ FAAS_TIMEOUT_MS: '1000', FAAS_HEAD_TIMEOUT_MS: '1000' })
  await host.deploy('deaf', { envVars: { DEAF: '1' } })
  await host.deploy('probe')
  deaf = host.replicas().find(({ service }) => service === 'deaf')!
  await host.system('DELETE', 'functions', { functionName: 'deaf' })
})
afterAll(() => host.remove())

/** Sends some of a request, and waits for what the gateway says to that. */
async function begun(text: string): Promise<string> {
  const socket = connect(host.port, '127.0.0.1')
  await once(socket, 'connect')
  let answer = ''
  socket.on('data', (bytes) => {
    answer += bytes
  })
  socket.write(text)
  await until('an answer comes', () => answer.includes('\r\n\r\n'))
  socket.destroy()
  return answer
}

test('a caller that is too slow with the head of its request is told 408', async () => {
  expect(await begun('POST /function/probe HTTP/1.1\r\nHost: x\r\nX-')).toMatch(/^HTTP\/1\.1 408 [\s\S]*the head of the request/)
})

test.each(['Content-Length: 10', 'Transfer-Encoding: chunked'])(
  'a caller that stops in the middle of its body is told 408 (%s)',
  async (length) => {
    const answer = await begun(`POST /function/probe HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n3\r\nabc\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*the rest of the body did not come in time$/)
    expect((await host.call('/function/probe', { method: 'POST', body: 'whole' })).status).toBe(200)
  },
)

test('a function that does not answer a whole request is 504', async () => {
  expect((await host.call('/function/probe/silent', { method: 'POST', body: 'x' })).status).toBe(504)
})

test('a request for another protocol that has a body is refused at once', async () => {
  const upgrade = 'GET /function/probe/shout HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  expect(await begun(`${upgrade}Content-Length: 4\r\n\r\nbody`)).toMatch(/^HTTP\/1\.1 400 [\s\S]*has no body$/)
  expect(await begun(`${upgrade}Transfer-Encoding: chunked\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await begun(`${upgrade}Content-Length: 0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 101 /)
})

test('a replica that does not end when it is told to is killed after a while', async () => {
  await until('it is gone', () => !isAlive(deaf))
  await until('nobody counts it any more', () => host.replicas().every(({ service }) => service !== 'deaf'))
})
