import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { claim, stopLeftovers, supervisorOf } from '../../../infra/stack/claim.ts'
import { identityOf } from '../../../infra/stack/identity.ts'
import { writeRecord } from '../../../infra/stack/record.ts'
import { freeSettings } from '../../../infra/stack/settings.ts'
import { startStack } from '../../../infra/stack/stack.ts'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'trade2026-claim-'))
})
afterEach(() => rm(data, { recursive: true, force: true }))

const silent = () => {}

test('a second stack on the same folder is refused in one line, and may start after the first has ended', async () => {
  const { release } = await claim(data, silent)

  await expect(startStack({ settings: await freeSettings(data) })).rejects.toThrow(`a stack already runs on ${data} (pid ${process.pid})`)
  release()
  expect(supervisorOf(data)).toBeUndefined()
  const again = await claim(data, silent)
  again.release()
})

test('a port in use is named with its setting before anything starts', async () => {
  const settings = await freeSettings(data)
  const other = createServer().listen(settings.ports.valkey, '127.0.0.1')
  await once(other, 'listening')

  await expect(startStack({ settings })).rejects.toThrow(`in use already: port ${settings.ports.valkey} (TRADE2026_PORT_VALKEY)`)

  other.close()
  expect(existsSync(join(data, 'logs'))).toBe(false)
  expect(supervisorOf(data)).toBeUndefined()
})

test('ports that are still open when what was left over has been stopped are waited for', async () => {
  const settings = await freeSettings(data)
  const other = createServer().listen(settings.ports.s3, '127.0.0.1')
  await once(other, 'listening')
  const left = await sleeper()
  writeRecord(data, record('s3', left.pid!, identityOf(left.pid!)!))
  const ending = new AbortController()
  const lines: string[] = []

  const started = startStack({
    settings,
    signal: ending.signal,
    say: (line) => {
      lines.push(line)
      if (!line.startsWith('waiting until')) return
      // It would go on to start servers: that it gets so far is enough.
      ending.abort()
      other.close()
    },
  })

  await expect(started).rejects.toThrow('stopped before all was up')
  expect(lines).toEqual([
    `stopping s3 (pid ${left.pid}), left over from a run that was killed`,
    `waiting until what was stopped has closed port ${settings.ports.s3} (TRADE2026_PORT_S3)`,
  ])
})

test('a folder that cannot be written is one clear line', async () => {
  const file = join(data, 'a-file')
  await writeFile(file, '')

  await expect(claim(join(file, 'data'), silent)).rejects.toThrow('set TRADE2026_DATA to one that can')
})

test('what a killed supervisor left is stopped, and nothing else', async () => {
  const left = await sleeper()
  const foreign = await sleeper()
  writeRecord(data, record('left', left.pid!, identityOf(left.pid!)!))
  // The same pid, given out again to a process that is not ours.
  writeRecord(data, record('foreign', foreign.pid!, 'another-boot:1'))
  const lines: string[] = []

  await stopLeftovers(data, (line) => lines.push(line))

  expect(identityOf(left.pid!)).toBeUndefined()
  expect(identityOf(foreign.pid!)).toBeDefined()
  expect(lines).toEqual([`stopping left (pid ${left.pid}), left over from a run that was killed`])
  foreign.kill('SIGKILL')
})

test('functions whose gateway was killed are ended as well', async () => {
  const replica = await sleeper()
  const kept = { service: 'bars', index: 0, revision: 'r', pid: replica.pid!, identity: identityOf(replica.pid!)!, port: 1 }
  await mkdir(join(data, 'faas'))
  await writeFile(join(data, 'faas', 'replicas.json'), JSON.stringify([kept]))

  await stopLeftovers(data, silent)

  await vi.waitFor(() => expect(identityOf(replica.pid!)).toBeUndefined())
})

const record = (name: string, pid: number, identity: string) => ({
  name,
  pid,
  identity,
  port: undefined,
  startedAt: new Date(0).toISOString(),
  restarts: 0,
})

const sleeper = async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
  await once(child, 'spawn')
  return child
}
