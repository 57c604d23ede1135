import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectValkey } from '../../../shared/adapters/valkey/connect.ts'
import { Troubles } from '../../../shared/runtime/trouble.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
beforeAll(async () => {
  servers = await startServers({ valkey: true })
})
afterAll(() => servers.stop())

test('a server that refuses the password is told once, without the password, and used once it takes it', async () => {
  const told: string[] = []
  const troubles = new Troubles({
    warn: (about, text) => told.push(`${text} ${JSON.stringify(Object.entries(about.err as object))} ${about.err}`),
    info: (text) => told.push(text),
  })
  const owner = connectValkey(servers.urls)
  await owner.state.config('SET', 'requirepass', 'other')

  const valkey = connectValkey({ VALKEY_URL: servers.urls.VALKEY_URL.replace('//', '//:hemlig@') }, troubles)
  await expect.poll(() => told.length).toBeGreaterThan(1)
  await owner.state.config('SET', 'requirepass', 'hemlig')
  await valkey.state.ping()

  expect(told[0]).toMatch(/^the connection to Valkey \(database \d\): this fails.*WRONGPASS/)
  expect(told.join()).not.toContain('hemlig')
  expect(new Set(told).size).toBe(told.length)
  for (const one of [owner, valkey]) await one.close()
})
