import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { boundLog } from '../../../../infra/stack/log-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'trade2026-log-'))
const log = join(folder, 'a.log')
const full = () => {
  writeFileSync(log, 'first line\n')
  truncateSync(log, 16 * 1024 * 1024)
}
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  for (const path of [log, `${log}.1`]) rmSync(path, { recursive: true, force: true })
})

test('a log that is full goes on in an empty one, its older part is kept', () => {
  full()
  boundLog(log)
  expect(statSync(log).size).toBe(0)
  expect(readFileSync(`${log}.1`, 'utf8').startsWith('first line\n')).toBe(true)
})

test('where the older part cannot be written it is given up, and the log is cut all the same', () => {
  mkdirSync(`${log}.1`, { recursive: true })
  full()
  boundLog(log)
  expect(statSync(log).size).toBe(0)
  expect(existsSync(`${log}.1`)).toBe(false)
})
