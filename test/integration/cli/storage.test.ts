import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { buildAll } from '../../../infra/build/bundle.ts'
import { run } from '../../../infra/stack/run.ts'
import { S3_DEVELOPMENT_KEYS } from '../../../infra/stack/services/s3.ts'
import { ROOT } from '../../../infra/stack/settings.ts'
import { connectQuestdb } from '../../../shared/adapters/questdb/connect.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { imageOf } from '../../support/image.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

// OpenSearch stands back for all others: on a machine that has much to do it starts slowly.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 })

let servers: TestServers
let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'trade2026-cli-'))
  servers = await startServers({ nats: true, questdb: true, s3: true, opensearch: true })
})
afterAll(async () => {
  await servers?.stop()
  await rm(data, { recursive: true })
})

const trade2026 = (args: readonly string[], env: Record<string, string>) =>
  run(process.execPath, [join(ROOT, 'infra/cli/main.ts'), ...args], { env: { ...env, TRADE2026_DATA: data } })
/** The same address with a user and a password in it. */
const withLogin = (url: string) => url.replace('//', '//joe:hemlig@')

test('storage brings streams, bucket, tables and indices to given servers, as often as it is called, and shows no password', async () => {
  const given = {
    NATS_URL: withLogin(servers.urls.NATS_URL),
    QUESTDB_URL: withLogin(servers.urls.QUESTDB_URL),
    OPENSEARCH_URL: withLogin(servers.urls.OPENSEARCH_URL),
  }

  const results = [await trade2026(['storage', '--wait', '60'], given), await trade2026(['storage'], given)]

  for (const { code, stdout, stderr } of results) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`${servers.urls.NATS_URL} has the streams ${Object.keys(STREAMS).join(', ')} and the bucket trade2026\n`)
    expect(stdout).toContain(`${servers.urls.QUESTDB_URL} has the tables`)
    expect(stdout).toContain(`${servers.urls.OPENSEARCH_URL} has the template and indices`)
    expect(stdout).not.toMatch(/joe|hemlig/)
  }
  const connection = await connect({ servers: servers.urls.NATS_URL })
  const names = await (await jetstreamManager(connection)).streams.names().next()
  expect(names.sort()).toEqual([...Object.keys(STREAMS), 'KV_trade2026'].sort())
  await connection.close()
  expect(await connectQuestdb(servers.urls).sql('SELECT count() FROM ohlcv_1m')).toEqual([[0]])
})

test('the bundle that a cluster runs as a job finds all as it should be, and brings what is missing', async () => {
  await buildAll()
  const image = await imageOf('dist/storage/index.js')
  const { accessKey, secretKey } = S3_DEVELOPMENT_KEYS
  const bundle = async () => {
    const { ended, output } = image.start({ ...servers.urls, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey })
    expect(await ended, output()).toBe(0)
    expect(output()).toContain('storage is as this version needs it')
  }
  await bundle()
  const questdb = connectQuestdb(servers.urls)
  const applied = () => questdb.sql('SELECT file FROM schema_migrations ORDER BY file')
  const before = await applied()
  await questdb.sql('DROP TABLE schema_migrations')
  await bundle()
  expect(await applied()).toEqual(before)
  await image.discard()
})

test('a server that is away, one that refuses, and none at all: one line each, without the password', async () => {
  const refusing = createServer((socket) => {
    socket.write('INFO {"server_id":"x","version":"2.15.0","max_payload":1048576,"auth_required":true,"headers":true}\r\n')
    socket.on('data', () => socket.end("-ERR 'Authorization Violation'\r\n")).on('error', () => {})
  })
  await new Promise<void>((done) => refusing.listen(0, '127.0.0.1', done))
  const { port } = refusing.address() as { port: number }
  const refused = `nats://127.0.0.1:${port}`
  const away = servers.urls.VALKEY_URL.replace('redis:', 'http:')

  const lines = [
    await trade2026(['storage', '--wait', '1'], { NATS_URL: withLogin(refused) }),
    await trade2026(['storage', '--wait', '1'], { QUESTDB_URL: withLogin(away) }),
    await trade2026(['storage', '--wait', '1'], { OPENSEARCH_URL: withLogin(away) }),
    await trade2026(['storage'], {}),
    await trade2026(['storage', '--wait', 'soon'], { NATS_URL: refused }),
  ]
  refusing.close()

  expect(lines.map(({ code, stdout }) => [code, stdout])).toEqual(lines.map(() => [1, '']))
  expect(lines.map(({ stderr }) => stderr)).toEqual([
    expect.stringMatching(`^trade2026: NATS at ${refused}: .*Authorization Violation.*\n$`),
    expect.stringMatching(`^trade2026: ${away} does not answer: .*ECONNREFUSED.*\n$`),
    expect.stringMatching(`^trade2026: OpenSearch: ${away}: .*\n$`),
    expect.stringMatching('^trade2026: give the addresses of the servers: NATS_URL .*\n$'),
    'trade2026: --wait is a whole number, not soon\n',
  ])
})

test('status, doctor and up show scheme, host and port of given servers, never a password', async () => {
  const given = {
    NATS_URL: 'nats://joe:hemlig@127.0.0.1:1',
    VALKEY_URL: 'redis://:hemlig@127.0.0.1:1',
    QUESTDB_URL: 'http://joe:hemlig@127.0.0.1:1',
  }

  const results = await Promise.all([['status'], ['status', '--json'], ['doctor'], ['deploy']].map((args) => trade2026(args, given)))
  // By itself: while it holds the data folder, the others see a stack that runs.
  results.push(await trade2026(['up'], given))

  for (const { stdout, stderr } of results) expect(stdout + stderr).not.toMatch(/joe|hemlig/)
  expect(JSON.parse(results[1]!.stdout).urls).toMatchObject({ NATS_URL: 'nats://127.0.0.1:1', VALKEY_URL: 'redis://127.0.0.1:1' })
})

test('doctor says how much disk the streams of the table take when they are full', async () => {
  const fullBytes = Object.values(STREAMS).reduce((sum, { maxBytes }) => sum + maxBytes, 0)
  expect((await trade2026(['doctor'], {})).stdout).toContain(`full streams take up to ${Math.ceil(fullBytes / 1024 ** 3)} GiB`)
})

test('logs says what is wrong with a number of lines', async () => {
  expect(await trade2026(['logs', 'nats', '-n', 'abc'], {})).toEqual({
    code: 1,
    stdout: '',
    stderr: 'trade2026: --lines is a whole number, not abc\n',
  })
})
