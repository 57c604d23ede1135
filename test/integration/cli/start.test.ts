import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../infra/stack/run.ts'
import { ROOT } from '../../../infra/stack/settings.ts'

test('the command starts where the path of the checkout has blanks and percent signs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026 100% a%20b-'))
  await mkdir(join(folder, 'infra/cli'), { recursive: true })
  await copyFile(join(ROOT, 'infra/cli/trade2026.mjs'), join(folder, 'infra/cli/trade2026.mjs'))
  await copyFile(join(ROOT, 'package-lock.json'), join(folder, 'package-lock.json'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'infra/cli/main.ts'), 'console.log(import.meta.filename, process.argv[2] as string)')

  const { code, stdout, stderr } = await run(process.execPath, [join(folder, 'infra/cli/trade2026.mjs'), 'an argument'])

  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${join(folder, 'infra/cli/main.ts')} an argument\n`, stderr: '' })
  await rm(folder, { recursive: true })
})
