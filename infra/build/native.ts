import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Packages that are not one file of JavaScript: a bundle loads them from a `node_modules` above it. */
export const NATIVE: readonly string[] = ['@duckdb/node-api']

type Entry = {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/**
 * What npm needs to install a bundle's native packages by themselves, in the versions and with the digests of the project's lock file: the files by name.
 * A bundle without any gets them as well, so that all images are made by the same steps.
 */
export async function packageFiles(root: string, names: readonly string[]): Promise<Record<string, string>> {
  const lock: { readonly packages: Readonly<Record<string, Entry>> } =
    names.length > 0 ? JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) : { packages: {} }
  const found = new Map<string, Entry>()
  const add = (name: string, demanded: boolean): void => {
    const path = `node_modules/${name}`
    const entry = lock.packages[path]
    if (found.has(path)) return
    if (!entry && demanded) throw new Error(`${name} is not in package-lock.json`)
    if (!entry) return
    found.set(path, entry)
    for (const next of Object.keys(entry.dependencies ?? {})) add(next, true)
    for (const next of Object.keys(entry.optionalDependencies ?? {})) add(next, false)
  }
  for (const name of names) add(name, true)
  const dependencies = Object.fromEntries(names.map((name) => [name, lock.packages[`node_modules/${name}`]!.version]))
  const own = { name: 'bundle', version: '0.0.0', private: true, dependencies }
  const packages = { '': own, ...Object.fromEntries(found) }
  return {
    'package.json': `${JSON.stringify(own, null, 1)}\n`,
    'package-lock.json': `${JSON.stringify({ name: own.name, version: own.version, lockfileVersion: 3, requires: true, packages }, null, 1)}\n`,
  }
}
