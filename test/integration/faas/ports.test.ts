import { expect, test, vi } from 'vitest'
import { Replica } from '../../../infra/faas/replica.ts'

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
const LISTENER = { onReady() {}, onRoom() {}, onGone() {} }

test('a replica that does not listen yet keeps its port for itself', async () => {
  const replicas: Replica[] = []
  try {
    for (const index of [0, 1]) {
      // The same place to begin to look at.
      vi.spyOn(Math, 'random').mockReturnValueOnce(0.5)
      replicas.push(await Replica.start(SPEC, index, () => {}, LISTENER))
    }
    expect(new Set(replicas.map(({ record }) => record.port)).size).toBe(2)
  } finally {
    for (const replica of replicas) replica.kill()
    await Promise.all(replicas.map(({ gone }) => gone))
  }
})
