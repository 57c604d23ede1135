import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** One bundle: `entry` is the source below the root, `out` the file below `dist/`, `name` what reports call it. */
export type Target = { readonly name: string; readonly entry: string; readonly out: string }

const processes: readonly Target[] = [
  { name: 'triggers', entry: 'triggers/index.ts', out: 'triggers/index.js' },
  { name: 'feed', entry: 'triggers/sources/feed.ts', out: 'sources/feed.js' },
  { name: 'storage', entry: 'infra/storage/index.ts', out: 'storage/index.js' },
  { name: 'faas', entry: 'infra/faas/index.ts', out: 'faas/index.js' },
]

/** Names that bundles and images have already: a function cannot be called so. */
export const PROCESS_NAMES: ReadonlySet<string> = new Set(processes.map(({ name }) => name))

/** Every bundle of the project: one per folder of `functions/` that has an `index.ts`, then the processes beside them. */
export async function targetsOf(root: string): Promise<Target[]> {
  const folders = existsSync(join(root, 'functions')) ? await readdir(join(root, 'functions')) : []
  const functions = folders.sort().map((name) => ({ name, entry: `functions/${name}/index.ts`, out: `functions/${name}/index.js` }))
  return [...functions, ...processes].filter(({ entry }) => existsSync(join(root, entry)))
}
