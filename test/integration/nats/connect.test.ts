import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { connectNats, connectNatsOnce } from '../../../shared/adapters/nats/connect.ts'
import { Troubles } from '../../../shared/runtime/trouble.ts'

let server: Server
afterEach(() => void server.close())

/** A server that knows no more than to greet, and to refuse or let in. */
async function greeter(): Promise<{ readonly url: string; refuses: boolean }> {
  const state = { url: '', refuses: true }
  server = createServer((socket) => {
    socket.write('INFO {"server_id":"x","version":"2.15.0","max_payload":1048576,"auth_required":true,"headers":true}\r\n')
    socket
      .on('error', () => {})
      .on('data', () => (state.refuses ? socket.end("-ERR 'Authorization Violation'\r\n") : socket.write('PONG\r\n')))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return Object.assign(state, { url: `nats://joe:hemlig@127.0.0.1:${(server.address() as { port: number }).port}` })
}

test('a server that refuses is told once, and used once it does not', async () => {
  const told: string[] = []
  const say = (text: string) => told.push(text)
  const greeting = await greeter()

  const nats = connectNats({ NATS_URL: greeting.url }, 'test', new Troubles({ warn: ({ err }, text) => say(`${text} ${err}`), info: say }))
  await expect.poll(() => told.length).toBe(1)
  greeting.refuses = false
  await nats.there()

  expect(told).toEqual([
    expect.stringMatching(/^the connection to NATS: this fails.*Authorization Violation/),
    'the connection to NATS: this works again',
  ])
  expect(told.join()).not.toContain('hemlig')
  await nats.close()
})

test('a task that connects once is told what the server says, and where it is', async () => {
  const { url } = await greeter()

  const error: Error = await connectNatsOnce({ NATS_URL: url }, 'test', 0).catch((failure) => failure)

  expect(error.message).toMatch(/^NATS at nats:\/\/127\.0\.0\.1:\d+: .*Authorization Violation/)
})
