import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildAll } from '../../../../infra/build/bundle.ts'

let root: string
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trade2026-build-'))
  write('node_modules/ioredis/index.js', 'module.exports = { Redis: class {} }')
  write('shared/adapters/valkey/connect.ts', "import { Redis } from 'ioredis'\nexport const connect = () => new Redis()")
  write('shared/adapters/valkey/one.lua', 'return 1')
})
afterEach(() => rm(root, { recursive: true }))

test('a function becomes one file with the texts it imports, and is built again only when an input changes', async () => {
  write('functions/one/index.ts', "import lua from '../../shared/adapters/valkey/one.lua?raw'\nconsole.log(lua)")
  const first = await buildAll({ root })
  expect(first.built).toEqual(['one'])
  expect(readFileSync(join(root, 'dist/functions/one/index.js'), 'utf8')).toContain('return 1')
  expect((await buildAll({ root })).built).toEqual([])
  write('shared/adapters/valkey/one.lua', 'return 2')
  expect((await buildAll({ root })).built).toEqual(['one'])
  expect(readFileSync(join(root, 'dist/functions/one/index.js'), 'utf8')).toContain('return 2')
})

test('a client library is welcome where the function picks its adapter, and refused where it slips in through shared code', async () => {
  write('functions/asks/index.ts', "import { connect } from '../../shared/adapters/valkey/connect.ts'\nconnect()")
  expect((await buildAll({ root })).records.asks!.libraries).toEqual(['valkey'])
  write('shared/runtime/slip.ts', "import { connect } from '../adapters/valkey/connect.ts'\nexport const slip = () => connect()")
  write('functions/leaks/index.ts', "import { slip } from '../../shared/runtime/slip.ts'\nslip()")
  await expect(buildAll({ root })).rejects.toThrow('bundle leaks must not contain valkey (through shared/runtime/slip.ts)')
})

test('a source that does not build is named', async () => {
  write('functions/wrong/index.ts', 'const a = ;')
  await expect(buildAll({ root })).rejects.toThrow(/functions\/wrong\/index\.ts:1:10/)
})
