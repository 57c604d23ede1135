import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { persistBars } from '../../../functions/persist-bars/handler.ts'
import { applyTables } from '../../../infra/storage/questdb/apply.ts'
import { questdbBarTable } from '../../../shared/adapters/questdb/bar-table.ts'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { questdbPositionTable } from '../../../shared/adapters/questdb/position-table.ts'
import { sequenceOf, versionOf } from '../../../shared/domain/version.ts'
import type { Publisher } from '../../../shared/ports/publisher.ts'
import { bar, MINUTE_MS } from '../../support/bar.ts'
import { barBatch, barMessage } from '../../support/bar-batch.ts'
import { untilApplied } from '../../support/questdb.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let questdb: Questdb

beforeAll(async () => {
  servers = await startServers({ questdb: true })
  await applyTables(servers.urls.QUESTDB_URL)
  questdb = connectQuestdb(servers.urls)
})
afterAll(() => servers?.stop())

const noLetters: Publisher = {
  async publishAll() {
    throw new Error('no dead letter is expected')
  },
  tell() {},
}
const replica = () => persistBars(questdbBarTable(questdb), questdbPositionTable(questdb, 'persist-bars'), noLetters)

test('QuestDB killed again and again in the middle of flushes: every bar is there once, at its greatest version', async () => {
  const count = 40_000
  // Every bar has two versions: the second comes 1,000 messages later.
  const message = (i: number) => {
    const version = versionOf(1, i + 1)
    const corrected = i % 2000 >= 1000
    const n = Math.floor(i / 2000) * 1000 + (i % 1000)
    return barMessage(
      bar({
        symbol: `S${n % 50}`,
        timestamp: MINUTE_MS + Math.floor(n / 50) * 60_000,
        close: corrected ? n + 0.5 : n,
        rev: Number(corrected),
        version,
      }),
    )
  }
  let app = replica()
  // After so many messages, the server is killed so many ms into the next flush.
  const kills = [
    { after: 4_000, inMs: 3 },
    { after: 15_000, inMs: 15 },
    { after: 28_000, inMs: 40 },
  ]
  let at = 0
  // As the trigger does: repeat on 503, go where a 409 says; now and then by a process that remembers nothing.
  for (let round = 0; at < count; round++) {
    if (round % 7 === 6) app = replica()
    if (at >= (kills[0]?.after ?? count)) setTimeout(() => servers.processes.questdb.kill('SIGKILL'), kills.shift()!.inMs)
    const size = Math.min(1 + ((round * 379) % 2000), count - at)
    const messages = Array.from({ length: size }, (_, k) => message(at + k))
    const res = await app.request('/', { method: 'POST', body: barBatch(messages, { after: at, begin: at === 0 }) })
    const answer = (await res.json()) as { positions?: Record<string, { version: number } | null> }
    if (res.status === 200) at += size
    else if (res.status === 409)
      at = Math.min(...Object.values(answer.positions!).map((position) => (position ? sequenceOf(position.version) : 0)))
    else {
      expect(res.status).toBe(503)
      await sleep(50)
    }
  }
  expect(servers.processes.questdb.restarts).toBe(3)
  await untilApplied(questdb)
  expect(await questdb.sql('SELECT count(), count_distinct(version) FROM ohlcv_1m_versions')).toEqual([[count, count]])
  expect(await questdb.sql('SELECT count(), sum(rev) FROM ohlcv_1m')).toEqual([[count / 2, count / 2]])
  expect(await questdb.sql('SELECT count() FROM ohlcv_1m WHERE close <> floor(close) + 0.5')).toEqual([[0]])
}, 120_000)

test('two processes fed the same stream by turns agree', async () => {
  const stream = { stream: 'BARS2' }
  const [one, two] = [replica(), replica()]
  const messages = Array.from({ length: 6 }, (_, i) =>
    barMessage(bar({ symbol: 'TURNS', timestamp: MINUTE_MS + i * 60_000, version: versionOf(1, i + 1) })),
  )
  const post = async (app: typeof one, from: number, to: number) =>
    (await app.request('/', { method: 'POST', body: barBatch(messages.slice(from, to), { ...stream, after: from }) })).status
  expect(await post(one, 0, 2)).toBe(200)
  await expect.poll(() => post(two, 2, 4), { interval: 10 }).toBe(200)
  expect(await post(two, 2, 4)).toBe(200)
  await expect.poll(() => post(one, 4, 6), { interval: 10 }).toBe(200)
  await untilApplied(questdb)
  expect((await questdbBarTable(questdb).read({ symbol: 'TURNS', interval: '1m', limit: 10, end: 'newest' })).bars).toHaveLength(6)
})
