import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { tickToBar } from '../../../functions/tick-to-bar/handler.ts'
import { applyTables } from '../../../infra/storage/questdb/apply.ts'
import { questdbBarHistory } from '../../../shared/adapters/questdb/bar-history.ts'
import { questdbBarTable } from '../../../shared/adapters/questdb/bar-table.ts'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { valkeyBarCache } from '../../../shared/adapters/valkey/bar-cache.ts'
import { valkeyBarStore } from '../../../shared/adapters/valkey/bar-store.ts'
import { connectValkey, type Valkey } from '../../../shared/adapters/valkey/connect.ts'
import type { Bar } from '../../../shared/contract/bar.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { barHistoryCases } from '../../conformance/bar-history.ts'
import { settings } from '../../support/fold-runner.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { type TickMessage, tickBatch } from '../../support/tick-batch.ts'

let servers: TestServers
let questdb: Questdb
let valkey: Valkey

beforeAll(async () => {
  servers = await startServers({ questdb: true, valkey: true })
  await applyTables(servers.urls.QUESTDB_URL)
  questdb = connectQuestdb(servers.urls)
  valkey = connectValkey(servers.urls)
})
afterAll(async () => {
  await valkey?.close()
  await servers?.stop()
})

describe('the history of bars in QuestDB', () => {
  barHistoryCases(() => ({ history: questdbBarHistory(questdb), write: (bars) => questdbBarTable(questdb).write(bars) }))
})

test('Valkey emptied and the head of the stream purged: the next bars go on from the rows', async () => {
  const T0 = 1_697_292_000_000
  const publisher = recordingPublisher()
  let instances = 0
  const start = () => {
    const ports = { store: valkeyBarStore(valkey, 16), publisher, cache: valkeyBarCache(valkey), history: questdbBarHistory(questdb) }
    const app = tickToBar(ports, { ...settings, stream: STREAMS.MARKET_TICKS, liveIntervalMs: 250, instance: `history${++instances}` })
    return async (body: Uint8Array) => (await app.request('/', { method: 'POST', body })).status
  }
  const bars = () =>
    publisher.sent.filter(({ subject }) => subject.startsWith('ohlcv.')).map(({ payload }) => JSON.parse(String(payload)) as Bar)
  /** A trade each 10 s. */
  const ticks = Array.from({ length: 24 }, (_, i): TickMessage => {
    const timestamp = T0 + i * 10_000
    const text = JSON.stringify({ timestamp, price: 100 + i, qty: 1, trade_id: i + 1 })
    return { seq: i + 1, subject: 'ticks.purged.PURGED', text, brokerMs: timestamp }
  })

  const first = start()
  expect(await first(tickBatch(ticks.slice(0, 14)))).toBe(200)
  await vi.waitFor(() => expect(bars()).toMatchObject([{ trades: 6 }, { trades: 6 }]))
  await questdbBarTable(questdb).write(bars())
  await valkey.state.flushall()

  // Messages 1 to 4 are gone: two trades of the first minute are left, and all of the later ones.
  const second = start()
  expect(await second(tickBatch(ticks.slice(4), { begin: true }))).toBe(200)
  expect(await second(tickBatch([], { after: 24, nowMs: T0 + 86_400_000 }))).toBe(200)
  await vi.waitFor(() => expect(bars().find(({ interval }) => interval === '1d')).toMatchObject({ trades: 24, open: 100 }))
  const minutes = bars().filter(({ interval }) => interval === '1m')
  expect(minutes.every(({ trades }) => trades === 6)).toBe(true)
  expect(new Set(minutes.map(({ timestamp }) => timestamp)).size).toBe(4)
  expect(minutes.filter(({ timestamp }) => timestamp === T0)).toHaveLength(1)
})
