import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRegistry } from '../../../../infra/faas/registry.ts'
import { identityOf } from '../../../../infra/stack/identity.ts'

test('a replica that ends while nothing can be written does not end the host, and is left out of what is written next', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trade2026-registry-'))
  const away = `${folder}-away`
  const record = (index: number, pid: number) => ({
    service: 'a',
    index,
    revision: 'r',
    pid,
    identity: identityOf(pid)!,
    port: 10_000 + index,
  })
  const registry = openRegistry(folder)
  registry.add(record(0, process.ppid))
  renameSync(folder, away)
  registry.remove(record(0, process.ppid))
  expect(registry.takeRunning(new Set(['a']))).toEqual([])
  // One that could not be found again must not run.
  expect(() => registry.add(record(1, process.pid))).toThrow()
  renameSync(away, folder)
  registry.add(record(2, process.pid))
  expect(
    openRegistry(folder)
      .takeRunning(new Set(['a']))
      .map(({ index }) => index),
  ).toEqual([2])
  rmSync(folder, { recursive: true })
})
