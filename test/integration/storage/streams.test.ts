import { jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyStreams } from '../../../infra/storage/jetstream/apply.ts'
import { CONTROL_BUCKET, STREAMS } from '../../../shared/contract/streams.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let connection: NatsConnection
beforeAll(async () => {
  servers = await startServers({ nats: true })
  connection = await connect({ servers: servers.urls.NATS_URL })
})
afterAll(async () => {
  await connection?.close()
  await servers?.stop()
})

const infoOf = async (stream: string) => (await jetstreamManager(connection)).streams.info(stream)

test('applied twice, streams and bucket are as the table says and keep their content', async () => {
  await applyStreams(connection)
  const bucket = await new Kvm(connection).open(CONTROL_BUCKET)
  await bucket.put('kept', 'yes')
  const before = await infoOf('MARKET_TICKS')

  await applyStreams(connection)

  const { config, created } = await infoOf('MARKET_TICKS')
  const { subjects, maxBytes } = STREAMS.MARKET_TICKS
  expect(config).toMatchObject({
    subjects,
    max_bytes: maxBytes,
    storage: 'file',
    discard: 'old',
    allow_direct: true,
    metadata: { slots: '16' },
  })
  expect(created).toBe(before.created)
  expect((await bucket.get('kept'))?.string()).toBe('yes')
})

test('a changed limit is brought to the stream that exists', async () => {
  await applyStreams(connection, [{ ...STREAMS.DLQ, maxBytes: 1_000_000 }])
  await applyStreams(connection, [STREAMS.DLQ])

  expect((await infoOf('DLQ')).config.max_bytes).toBe(STREAMS.DLQ.maxBytes)
})

test('a changed number of slots is refused', async () => {
  await applyStreams(connection, [STREAMS.BARS])

  await expect(applyStreams(connection, [{ ...STREAMS.BARS, slots: 8 }])).rejects.toThrow('stream BARS has 4 slots, the settings say 8')
})
