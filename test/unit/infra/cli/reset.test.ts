import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reset } from '../../../../infra/cli/reset.ts'
import { claim } from '../../../../infra/stack/claim.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'trade2026-reset-'))
  vi.stubEnv('TRADE2026_DATA', data)
  vi.spyOn(console, 'log').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(data, { recursive: true, force: true })
})

test('a folder that no stack has used keeps everything, whatever it is called', async () => {
  mkdirSync(join(data, 'logs'))
  await expect(reset({ yes: true })).rejects.toThrow('no data folder of a stack')
  expect(existsSync(join(data, 'logs'))).toBe(true)
})

test('of a data folder what the stack made goes, and what others put there stays', async () => {
  const { release } = await claim(data, () => {})
  release()
  mkdirSync(join(data, 'logs'), { recursive: true })
  writeFileSync(join(data, 'mine.txt'), 'x')
  expect(await reset({ yes: true })).toBe(0)
  expect(existsSync(join(data, 'logs'))).toBe(false)
  expect(existsSync(join(data, 'mine.txt'))).toBe(true)
})
