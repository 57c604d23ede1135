import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { optionsFor, storeOutput } from './output.ts'
import { type BundleRecord, hashOf, readRecords } from './record.ts'
import { formatReport } from './report.ts'
import { type Target, targetsOf } from './targets.ts'

/** The repository's root, seen from this file. */
const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)))

/** What a build did: all records by bundle name, and which bundles were made anew. */
type BuildResult = { readonly records: Record<string, BundleRecord>; readonly built: string[] }

/**
 * Builds every bundle whose inputs changed since the last build into `dist`, each file replaced at once.
 * @throws {Error} naming file and line when a source does not build, or a bundle holds a client library that nothing in its folder asks for.
 */
export async function buildAll({ root = ROOT, dist = join(root, 'dist') } = {}): Promise<BuildResult> {
  const [targets, old] = await Promise.all([targetsOf(root), readRecords(dist)])
  const fresh = await Promise.all(targets.map((target) => isFresh(root, dist, target, old[target.name])))
  const stale = targets.filter((_, i) => !fresh[i])
  const made = stale.length > 0 ? await build(root, dist, stale) : {}
  const records = Object.fromEntries(targets.map(({ name }) => [name, made[name] ?? old[name]!]))
  return { records, built: stale.map(({ name }) => name) }
}

/** Whether a bundle is made of what its sources are now. */
async function isFresh(root: string, dist: string, target: Target, record: BundleRecord | undefined): Promise<boolean> {
  return record !== undefined && existsSync(join(dist, target.out)) && (await hashOf(root, record.inputs)) === record.hash
}

async function build(root: string, dist: string, targets: readonly Target[]): Promise<Record<string, BundleRecord>> {
  // Loaded only when there is something to build: a warm start does not wait for it.
  const esbuild = await import('esbuild')
  const output = await esbuild.build(optionsFor(root, dist, targets)).finally(() => esbuild.stop())
  return storeOutput(root, dist, targets, output)
}

if (import.meta.main) {
  const started = performance.now()
  try {
    const { records, built } = await buildAll()
    console.log(formatReport(records))
    console.log(`${built.length} of ${Object.keys(records).length} bundles built in ${Math.round(performance.now() - started)} ms`)
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
