import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyTables } from '../../../infra/storage/questdb/apply.ts'
import { connectQuestdb, type Questdb } from '../../../shared/adapters/questdb/connect.ts'
import { questdbPositionTable } from '../../../shared/adapters/questdb/position-table.ts'
import { versionOf } from '../../../shared/domain/version.ts'
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
const position = (epoch: number, sequence: number) => ({ version: versionOf(epoch, sequence), ns: `1697292000123456${sequence}` })

test('a position is seen at once by its writer and by others once applied, digit by digit', async () => {
  const mine = fresh('seen')
  expect(await mine.read('BARS')).toEqual(new Map())
  await mine.write('BARS', [0, 2], position(1, 789))
  const written = new Map([0, 2].map((slot) => [slot, position(1, 789)]))
  expect(await mine.read('BARS')).toEqual(written)
  expect(await mine.read('OTHER')).toEqual(new Map())
  await untilApplied(questdb)
  expect(await fresh('seen').read('BARS')).toEqual(written)
  expect(await fresh("see'n").read('BARS')).toEqual(new Map())
})

test('a writer that sees another go ahead follows it', async () => {
  const [one, two] = [fresh('two'), fresh('two')]
  await one.read('BARS')
  await two.read('BARS')
  await one.write('BARS', [1], position(1, 5))
  await untilApplied(questdb)
  expect(await two.read('BARS')).toEqual(new Map([[1, position(1, 5)]]))
})

test('a late writer never takes a position back across an epoch', async () => {
  const [late, now] = [fresh('late'), fresh('late')]
  await late.read('BARS')
  await now.read('BARS')
  await now.write('BARS', [0], position(2, 3))
  await late.write('BARS', [0], position(1, 900))
  await untilApplied(questdb)
  expect(await now.read('BARS')).toEqual(new Map([[0, position(2, 3)]]))
  expect(await fresh('late').read('BARS')).toEqual(new Map([[0, position(2, 3)]]))
})

test('the table stays small: a row a slot and epoch', async () => {
  const mine = fresh('small')
  await mine.read('BARS')
  for (let i = 1; i <= 20; i++) await mine.write('BARS', [0, 1, 2, 3], position(1, i))
  await untilApplied(questdb)
  expect(await questdb.sql("SELECT count() FROM function_positions WHERE function = 'small'")).toEqual([[4]])
})

test('after a kill -9 the stored position counts, and none is recorded for rows written before it', async () => {
  const mine = fresh('killed')
  await mine.read('BARS')
  await mine.write('BARS', [0], position(1, 10))
  servers.processes.questdb.kill('SIGKILL')
  await expect.poll(() => questdb.sql('SELECT 1').catch(() => 'away'), { interval: 10 }).toBe('away')
  await expect(mine.read('BARS')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  await servers.processes.questdb.untilHealthy()

  await mine.write('BARS', [0], position(1, 11))
  expect(await mine.read('BARS')).toEqual(new Map([[0, position(1, 10)]]))
  await mine.write('BARS', [0], position(1, 11))
  await untilApplied(questdb)
  expect(await fresh('killed').read('BARS')).toEqual(new Map([[0, position(1, 11)]]))
})
