import { afterAll, beforeAll, expect, test } from 'vitest'
import { StackProcess } from '../../../infra/stack/process.ts'
import { applyTables } from '../../../infra/storage/questdb/apply.ts'
import { questdbBarTable } from '../../../shared/adapters/questdb/bar-table.ts'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { questdbPositionTable } from '../../../shared/adapters/questdb/position-table.ts'
import { bar } from '../../support/bar.ts'
import { untilApplied } from '../../support/questdb.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let server: StackProcess
let questdb: Questdb

beforeAll(async () => {
  servers = await startServers({ questdb: true })
  await servers.processes.questdb.stop()
  // Only in this mode a table can be suspended on purpose.
  const { spec } = servers.processes.questdb
  server = new StackProcess({ ...spec, env: { ...spec.env, QDB_DEV_MODE_ENABLED: 'true' } }, servers.folder, () => {})
  await server.start()
  await applyTables(servers.urls.QUESTDB_URL)
  questdb = connectQuestdb(servers.urls)
})
afterAll(async () => {
  await server?.stop()
  await servers?.stop()
})

const suspend = () => questdb.sql('ALTER TABLE ohlcv_1m_versions SUSPEND WAL')
const suspended = async () => (await questdb.sql('SELECT name FROM wal_tables() WHERE suspended')).flat()

test('rows written to a suspended table are kept, and show once `ready` has been asked', async () => {
  const table = questdbBarTable(questdb)
  await suspend()
  await table.write([bar()])
  expect(await suspended()).toEqual(['ohlcv_1m_versions'])
  expect(await table.knows('BTCUSDT', '1m')).toBe(false)
  expect(await questdb.ready()).toBe(true)
  await untilApplied(questdb)
  expect((await table.read({ symbol: 'BTCUSDT', interval: '1m', limit: 1, end: 'newest' })).bars).toEqual([bar()])
})

test('a function that starts or meets a restarted server resumes what is suspended', async () => {
  await suspend()
  await questdbPositionTable(questdb, 'any').read('BARS')
  await expect.poll(suspended, { interval: 10 }).toEqual([])
})
