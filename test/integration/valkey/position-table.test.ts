import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectValkey, type Valkey } from '../../../shared/adapters/valkey/connect.ts'
import { positionsKey } from '../../../shared/adapters/valkey/keys.ts'
import { valkeyPositionTable } from '../../../shared/adapters/valkey/position-table.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import { positionTableCases } from '../../conformance/position-table.ts'
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

const position = (sequence: number) => ({ version: versionOf(1, sequence), ns: String(sequence) })

positionTableCases(() => ({
  table: (name) => valkeyPositionTable(valkey, name),
  settled: async () => {},
  async restart() {
    // `everysec` may lose the last second: what matters here is that the file holds it.
    await valkey.state.config('SET', 'appendfsync', 'always')
    await valkey.state.set('written', 'before the kill')
    servers.processes.valkey.kill('SIGKILL')
    await valkey.state.ping()
  },
}))

test('a late writer never takes a position back', async () => {
  const [late, now] = [valkeyPositionTable(valkey, 'late'), valkeyPositionTable(valkey, 'late')]
  await late.read('BARS')
  await now.read('BARS')
  await now.write('BARS', [0, 1], position(9))
  await late.write('BARS', [0, 2], position(7))
  expect(await now.read('BARS')).toEqual(new Map([0, 1, 2].map((slot) => [slot, position(slot === 2 ? 7 : 9)])))
})

test('in a store that was emptied nothing is recorded until it was read again', async () => {
  const table = valkeyPositionTable(valkey, 'emptied')
  await table.read('BARS')
  await table.write('BARS', [0], position(5))
  await table.read('BARS')
  await valkey.state.flushall()
  await table.write('BARS', [0], position(6))
  expect(await table.read('BARS')).toEqual(new Map())
  await table.write('BARS', [0], position(2))
  expect(await table.read('BARS')).toEqual(new Map([[0, position(2)]]))
})

test('positions are kept without an end of life, and recorded by a server that has forgotten the script', async () => {
  const table = valkeyPositionTable(valkey, 'kept')
  await table.read('BARS')
  await valkey.state.script('FLUSH')
  await table.write('BARS', [3], position(1))
  expect(await valkey.state.ttl(positionsKey('kept', 'BARS'))).toBe(-1)
})
