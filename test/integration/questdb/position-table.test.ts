import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyTables } from '../../../infra/storage/questdb/apply.ts'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { questdbPositionTable } from '../../../shared/adapters/questdb/position-table.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import { positionTableCases } from '../../conformance/position-table.ts'
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

/** As a new process of the function would see it. */
const fresh = (functionName: string) => questdbPositionTable(connectQuestdb(servers.urls), functionName)
const isThere = () =>
  questdb.sql('SELECT 1').then(
    () => true,
    () => false,
  )

positionTableCases(() => ({
  table: fresh,
  settled: () => untilApplied(questdb),
  async restart() {
    servers.processes.questdb.kill('SIGKILL')
    await expect.poll(isThere, { interval: 10 }).toBe(false)
    await expect(fresh('away').read('BARS')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await servers.processes.questdb.untilHealthy()
  },
}))

test('the table stays small: a row a slot and epoch', async () => {
  const mine = fresh('small')
  await mine.read('BARS')
  for (let i = 1; i <= 20; i++) await mine.write('BARS', [0, 1, 2, 3], { version: versionOf(1, i), ns: String(i) })
  await untilApplied(questdb)
  expect(await questdb.sql("SELECT count() FROM function_positions WHERE function = 'small'")).toEqual([[4]])
})
