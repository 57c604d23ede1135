import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What a finished bundle was made of. `inputs` are the project's own files; packages are pinned by the lock file, which `hash` covers too. */
export type BundleRecord = { hash: string; inputs: string[]; sizeBytes: number; libraries: string[] }

/** What the builder itself is made of: a change of one of these makes every bundle stale. */
const BUILDER = [
  'package-lock.json',
  'infra/build/native.ts',
  'infra/build/output.ts',
  'infra/build/report.ts',
  'infra/build/text.ts',
  'infra/build/yml.ts',
]

/** A digest of the named files' contents (paths below `root`); a missing file counts as empty. */
export async function hashOf(root: string, inputs: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of [...BUILDER, ...inputs]) {
    const content = await readFile(join(root, path)).catch(() => '')
    hash.update(`${path}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** The records of the last build, by bundle name; empty when there was none. */
export async function readRecords(dist: string): Promise<Record<string, BundleRecord>> {
  return JSON.parse(await readFile(join(dist, 'bundles.json'), 'utf8').catch(() => '{}'))
}

/** Writes a file so that a reader sees the old content or the new one, never a part: builds may run side by side. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.tmp`
  await writeFile(draft, content)
  await rename(draft, path)
}
