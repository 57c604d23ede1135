import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RELEASE } from '../../infra/faas/version.ts'
import { ROOT } from '../../infra/stack/settings.ts'

type Dependencies = Readonly<Record<string, string>>
type Locked = { readonly integrity?: string; readonly hasInstallScript?: boolean }

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const manifest = JSON.parse(read('package.json')) as Readonly<Record<string, unknown>> & { readonly allowScripts?: object }
const lockText = read('package-lock.json')
const { '': _, ...locked } = (JSON.parse(lockText) as { packages: Record<string, Locked> }).packages

test.each(['dependencies', 'devDependencies', 'optionalDependencies'])('%s are exact versions', (kind) => {
  const loose = Object.entries(manifest[kind] as Dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
  expect(loose).toEqual([])
})

test('the gateway says the version of the project', () => {
  expect(RELEASE).toBe(manifest.version)
})

test('the lock file pins every package by its hash and names no place to get it from', () => {
  expect(Object.keys(locked).filter((path) => !locked[path]!.integrity)).toEqual([])
  expect(lockText).not.toMatch(/"resolved"|registry\./)
})

test('every package that runs a script at install is approved by name', () => {
  const withScript = Object.keys(locked).filter((path) => locked[path]!.hasInstallScript)
  expect(Object.keys(manifest.allowScripts ?? {})).toEqual(withScript.map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)))
})
