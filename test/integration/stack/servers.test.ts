import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SERVER_NAMES } from '../../../infra/stack/servers.ts'
import { startServers, type TestServers } from '../../support/servers.ts'

// OpenSearch stands back for all others: on a machine that has much to do it starts slowly.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 })

let servers: TestServers
beforeAll(async () => {
  servers = await startServers({ nats: true, valkey: true, questdb: true, s3: true, opensearch: true })
})
afterAll(() => servers.stop())

test.each(SERVER_NAMES)('%s listens on 127.0.0.1 only', (name) => {
  const addresses = listeningAddresses(servers.processes[name].pid!)

  expect(addresses.length).toBeGreaterThan(0)
  expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']))
})

test.each(SERVER_NAMES)('%s comes back by itself after kill -9', async (name) => {
  const server = servers.processes[name]
  const before = server.pid

  server.kill('SIGKILL')
  await expect.poll(() => server.pid, { interval: 5 }).not.toBe(before)
  await server.untilHealthy()

  expect(server.pid).toBeTypeOf('number')
  expect(server.restarts).toBe(1)
})

test('the native libraries that QuestDB unpacks are in its data folder, and those of a killed one are deleted', async () => {
  const { questdb } = servers.processes
  const temporary = join(servers.folder, 'questdb', 'tmp')
  const { pid } = questdb
  expect(libraries(pid!)).toEqual([temporary])
  const before = readdirSync(temporary)

  questdb.kill('SIGKILL')
  await expect.poll(() => questdb.pid, { interval: 5 }).not.toBe(pid)
  await questdb.untilHealthy()

  expect(libraries(questdb.pid!)).toEqual([temporary])
  expect(readdirSync(temporary).filter((name) => before.includes(name))).toEqual([])
})

test('stop leaves no process', async () => {
  const own = await startServers({ nats: true, valkey: true })
  const pids = [own.processes.nats.pid!, own.processes.valkey.pid!]

  await own.stop()

  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})

/** The folders that a process's own native libraries are loaded from. */
function libraries(pid: number): string[] {
  const files = readFileSync(`/proc/${pid}/maps`, 'utf8').match(/\/\S*libquestdb\S*\.so/g) ?? []
  return [...new Set(files.map((file) => dirname(file)))]
}

/** The addresses of a process's listening TCP sockets, read from /proc. */
function listeningAddresses(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        // Closed since it was listed: none that it listens on.
        return []
      }
    }),
  )
  const lines = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1))
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
    .map((fields) => addressOf(fields[1]?.split(':')[0] ?? ''))
}

/** `0100007F` -> `127.0.0.1`; a mapped IPv4 address in IPv6 form counts as its IPv4 one. */
const addressOf = (hex: string): string => {
  const v4 = hex.startsWith('0000000000000000FFFF0000') ? hex.slice(24) : hex
  if (v4.length !== 8) return hex
  return [6, 4, 2, 0].map((i) => Number.parseInt(v4.slice(i, i + 2), 16)).join('.')
}
