import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { valkeyBarCache } from '../../../shared/adapters/valkey/bar-cache.ts'
import { valkeyBarStore } from '../../../shared/adapters/valkey/bar-store.ts'
import { connectValkey, type Valkey } from '../../../shared/adapters/valkey/connect.ts'
import { barPositionsKey } from '../../../shared/adapters/valkey/keys.ts'
import type { Bar } from '../../../shared/contract/bar.ts'
import { barStoreCases } from '../../conformance/bar-store.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let valkey: Valkey
beforeAll(async () => {
  servers = await startServers({ valkey: true })
  valkey = connectValkey(servers.urls)
})
afterAll(async () => {
  await valkey?.close()
  await servers?.stop()
})

const emptied = async () => {
  await valkey.state.flushall()
  return valkeyBarStore(valkey, 16)
}

describe('the store in Valkey', () => {
  barStoreCases(emptied)

  test('commits again after the server forgot the script', async () => {
    const store = await emptied()
    const begin = { slot: 1, after: 5, begin: true, token: '', puts: [], deletes: [], outbox: null, published: [] }
    await store.commit({ version: 10, ns: '1' }, 'a', [begin])
    await valkey.state.script('FLUSH')
    expect(await store.commit({ version: 20, ns: '2' }, 'b', [{ ...begin, after: 10, token: 'a' }])).toBe('applied')
  })

  test('comes back after the server was killed, with what was committed', async () => {
    const store = await emptied()
    const begin = { slot: 1, after: 5, begin: true, token: '', puts: [], deletes: [], outbox: null, published: [] }
    await store.commit({ version: 10, ns: '1' }, 'a', [begin])
    // `everysec` may lose the last second: what matters here is that the file holds it.
    await valkey.state.wait(0, 0)
    await valkey.state.config('SET', 'appendfsync', 'always')
    await store.commit({ version: 20, ns: '2' }, 'b', [{ ...begin, after: 10, token: 'a' }])
    servers.processes.valkey.kill('SIGKILL')
    expect((await store.positions())[1]).toEqual({ version: 20, ns: '2' })
  })

  test('a state of another schema is refused, not misread', async () => {
    const store = await emptied()
    await valkey.state.hset(barPositionsKey, { '@schema': '0', s01: '10 a 1' })
    await expect(store.load([1])).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await expect(store.positions()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    const begin = { slot: 1, after: 5, begin: true, token: '', puts: [], deletes: [], outbox: null, published: [] }
    await expect(store.commit({ version: 20, ns: '2' }, 'b', [{ ...begin, after: 10, token: 'a' }])).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
    })
  })
})

describe('the read cache', () => {
  const bar = (more: Partial<Bar>) =>
    ({ symbol: 'BTCUSDT', exchange: 'a', interval: '1m', timestamp: 60_000, version: 5, closed: false, ...more }) as Bar
  const written = (more: Partial<Bar>) => ({ bar: bar(more), json: JSON.stringify(bar(more)) })
  const shown = async (key: string) => JSON.parse((await valkey.cache.get(key)) ?? 'null') as Bar | null

  test('shows the newest bar of a symbol, under its exchange too, for an hour', async () => {
    await emptied()
    const cache = valkeyBarCache(valkey)
    await cache.show([written({}), written({ exchange: 'b', timestamp: 120_000 })])
    expect(await shown('bars:1m:BTCUSDT')).toEqual(bar({ exchange: 'b', timestamp: 120_000 }))
    expect(await shown('bars:1m:BTCUSDT:a')).toEqual(bar({}))
    expect(await valkey.cache.ttl('bars:1m:BTCUSDT')).toBeGreaterThan(3_590)
  })

  test.each([
    ['an older minute', { timestamp: 0, version: 9 }, false],
    ['an older version', { version: 4 }, false],
    ['the same, still forming', {}, false],
    ['a newer version', { version: 6 }, true],
    ['a newer minute', { timestamp: 120_000, version: 1 }, true],
  ])('over a closed bar, %s', async (_, more, wins) => {
    await emptied()
    const cache = valkeyBarCache(valkey)
    await cache.show([written({ closed: true })])
    await cache.show([written(more)])
    expect(await shown('bars:1m:BTCUSDT')).toEqual(wins ? bar(more) : bar({ closed: true }))
  })
})
