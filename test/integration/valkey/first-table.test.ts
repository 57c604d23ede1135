import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDocuments } from '../../../shared/adapters/valkey/connect.ts'
import { valkeyFirstTable } from '../../../shared/adapters/valkey/first-table.ts'
import { firstsKey } from '../../../shared/adapters/valkey/keys.ts'
import { firstTableCases } from '../../conformance/first-table.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

let servers: TestServers
let valkey: ReturnType<typeof connectDocuments>
beforeAll(async () => {
  servers = await startServers({ valkey: true })
  valkey = connectDocuments(servers.urls)
})
afterAll(async () => {
  await valkey?.close()
  await servers?.stop()
})

let tables = 0
firstTableCases(() => {
  const name = `sink-${++tables}`
  return [valkeyFirstTable(valkey.documents, name), valkeyFirstTable(valkey.documents, name)]
})

test('one that an earlier release wrote, whose states had no names, goes on', async () => {
  await valkey.documents.hset(firstsKey('earlier'), '@through', '7', 'd7', '7 7000 -')
  const table = valkeyFirstTable(valkey.documents, 'earlier')
  const { mark, firsts } = await table.all()
  expect([mark?.through, firsts]).toEqual([7, [{ id: 'd7', version: 7, timeMs: 7000, simhash: null }]])
  expect(await table.keep(mark, [], ['d7'], 9)).toMatchObject({ through: 9 })
})

test('thousands are written in one step', async () => {
  const table = valkeyFirstTable(valkey.documents, 'many')
  const many = Array.from({ length: 20_000 }, (_, i) => ({ id: `d${i}`, version: i, timeMs: i, simhash: null }))
  const mark = await table.keep(undefined, many, [], 20_000)
  expect((await table.all()).firsts).toHaveLength(20_000)
  await table.keep(
    mark,
    [],
    many.map(({ id }) => id),
    20_001,
  )
  expect((await table.all()).firsts).toEqual([])
})
