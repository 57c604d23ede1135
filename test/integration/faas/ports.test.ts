import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Replica, SILENT_MS } from '../../../infra/faas/replica.ts'
import { ReplicaSet } from '../../../infra/faas/replicas.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import { until } from './host.ts'

const SPEC = {
  service: 'a',
  revision: 'r',
  command: [process.execPath, '-e', 'setTimeout(() => {}, 60_000)'],
  folder: '.',
  env: {},
  logFileOf: () => '/dev/null',
  ready: { path: '/_/ready', lenient: false },
  fixedPort: null,
  timeoutMs: 1000,
  execTimeoutMs: null,
  maxInFlight: 1,
  memoryBytes: null,
}
const LISTENER = { onReady() {}, onSilent() {}, onRoom() {}, onGone() {} }

test('a replica that does not listen yet keeps its port for itself', async () => {
  const replicas: Replica[] = []
  try {
    for (const index of [0, 1]) {
      // The same place to begin to look at.
      vi.spyOn(Math, 'random').mockReturnValueOnce(0.5)
      replicas.push(await Replica.start(SPEC, index, () => {}, LISTENER, SILENT_MS))
    }
    expect(new Set(replicas.map(({ record }) => record.port)).size).toBe(2)
  } finally {
    for (const replica of replicas) replica.kill()
    await Promise.all(replicas.map(({ gone }) => gone))
  }
})

test('of a program that does not listen on its port it is told once, in its own log and in that of the gateway', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-silent-'))
  const [logFile, go] = [join(folder, 'log'), join(folder, 'go')]
  // It listens on its own port first; then, when the file is there, where it shall.
  const program = `const { createServer } = require('node:http')
    const listen = (port) => createServer((_, response) => response.end()).listen(port, '127.0.0.1')
    listen(0)
    const timer = setInterval(() => { if (require('node:fs').existsSync('${go}')) { clearInterval(timer); listen(process.env.PORT) } }, 5)`
  const log = createLog('test')
  const warn = vi.spyOn(log, 'warn')
  const set = new ReplicaSet('a', { add() {}, remove() {} }, log, 0)
  const said = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').match(/nothing answers at [^"]*/g) : null)
  try {
    set.want({ ...SPEC, command: [process.execPath, '-e', program], logFileOf: () => logFile }, 1)
    await until('it is told', () => said() !== null)
    expect(set.available).toBe(0)
    writeFileSync(go, '')
    await until('it is ready', () => set.available === 1)
    const { port } = set.ready[0]!
    const line = `nothing answers at 127.0.0.1:${port}/_/ready: the program must listen on $PORT, or set upstream_url`
    expect(said()).toEqual([line])
    expect(warn.mock.calls.map(([, text]) => text)).toEqual([line])
  } finally {
    await set.stop(0)
    await rm(folder, { recursive: true, force: true })
  }
})
