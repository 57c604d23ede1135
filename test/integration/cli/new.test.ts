import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../infra/stack/run.ts'
import { ROOT } from '../../../infra/stack/settings.ts'

/** What a new function and its checks need of the repository. */
const COPIED = ['functions', 'infra', 'shared', 'triggers', 'config', 'test']
const FILES = ['stack.yml', 'package.json', 'tsconfig.json', 'vitest.config.ts', 'biome.json', '.gitignore']

let copy: string
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'trade2026-new-'))
  for (const path of [...COPIED, ...FILES]) await cp(join(ROOT, path), join(copy, path), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  await run('git', ['init', '-q'], { cwd: copy })
})
afterAll(() => rm(copy, { recursive: true, force: true }))

const inCopy = (path: string, ...args: string[]) => run(process.execPath, [path, ...args], { cwd: copy })
const create = (name: string) => inCopy('infra/cli/main.ts', 'new', name)
const text = (path: string) => readFile(join(copy, path), 'utf8')

// It runs the formatter, the compiler and the tests.
const PATIENT = { timeout: 240_000 }

test('a new function passes its own test and every check there is, under a name longer than that of its model', PATIENT, async () => {
  const before = await text('stack.yml')
  const name = 'tell-of-every-minute-that-moved-further-than-most'

  const { code, stdout } = await create(name)

  expect(code).toBe(0)
  expect(stdout).toContain(`then: npm run check -- ${name} test/unit/stack`)
  expect((await text('stack.yml')).startsWith(before)).toBe(true)
  const checks = await Promise.all([
    inCopy('node_modules/@biomejs/biome/bin/biome', 'ci', 'functions', 'test/unit/functions'),
    inCopy('node_modules/typescript/bin/tsc'),
    inCopy('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', name, 'test/unit/stack'),
  ])
  for (const { code, stdout, stderr } of checks) expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' })
  expect(checks[2]!.stdout).toContain(`test/unit/functions/${name}.test.ts`)
})

test('a bad or taken name is refused in one line, and nothing is changed', async () => {
  const before = await text('stack.yml')
  await writeFile(join(copy, 'test/unit/functions/half-there.test.ts'), '')
  const answers = await Promise.all(['Big_Moves', 'bars', 'half-there', 'table', 'delete'].map(create))

  expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual(answers.map(() => [1, '']))
  expect(answers.map(({ stderr }) => stderr)).toEqual([
    expect.stringMatching(/^trade2026: Big_Moves is no name for a function: .*\n$/),
    expect.stringMatching(/^trade2026: functions\/bars is there already\n$/),
    expect.stringMatching(/^trade2026: test\/unit\/functions\/half-there\.test\.ts is there already\n$/),
    expect.stringMatching(/^trade2026: table is something else in .*: choose another name\n$/),
    expect.stringMatching(/^trade2026: delete is a word of the language: choose another name\n$/),
  ])
  expect(await text('stack.yml')).toBe(before)
})
