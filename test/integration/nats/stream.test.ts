import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { connectNats } from '../../../shared/adapters/nats/connect.ts'
import { natsControl } from '../../../shared/adapters/nats/control.ts'
import { natsStream } from '../../../shared/adapters/nats/stream.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
beforeAll(async () => {
  servers = await startServers({ nats: true })
})
afterAll(() => servers.stop())

test('a question that a dying server left open ends when the connection does, and the next one is answered', async () => {
  const nats = connectNats(servers.urls, 'test')
  await applyStreams(await nats.connection)
  const stream = natsStream(nats, 'MARKET_TICKS')
  const control = natsControl(nats)
  const { last } = await stream.state()
  const { nats: server } = servers.processes
  server.kill('SIGSTOP')
  const questions = [stream.state(), control.get('a'), control.put('b', 1)]
  const away = Promise.all(questions.map((question) => expect(question).rejects.toMatchObject({ message: 'NATS is away' })))
  server.kill('SIGKILL')
  await away
  await nats.there()
  await expect.poll(() => stream.state()).toMatchObject({ last })
  await nats.close()
})
