import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'
import { type BundleRecord, hashOf, readRecords, replaceFile } from './record.ts'
import { formatReport, leaksOf, librariesIn, reachedFrom } from './report.ts'
import { type Target, targetsOf } from './targets.ts'
import { textImports } from './text.ts'

/** The repository's root, seen from this file. */
const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)))

/** How every bundle is made. */
export const BUNDLE_OPTIONS: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: false,
  sourcemap: 'linked',
  sourcesContent: true,
  metafile: true,
  write: false,
  logLevel: 'silent',
  plugins: [textImports],
  // Packages in CommonJS call `require` for Node's own modules; an ES module has none unless it makes one.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire(import.meta.url)" },
}

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
  const leaks = Object.entries(records).flatMap(([name, record]) => record.leaks.map((leak) => `bundle ${name} must not contain ${leak}`))
  if (leaks.length > 0) throw new Error(leaks.join('\n'))
  if (stale.length > 0) {
    await replaceFile(join(dist, 'package.json'), '{"type":"module"}\n')
    await replaceFile(join(dist, 'bundles.json'), JSON.stringify(records, null, 1))
  }
  return { records, built: stale.map(({ name }) => name) }
}

async function isFresh(root: string, dist: string, target: Target, record: BundleRecord | undefined): Promise<boolean> {
  return record !== undefined && existsSync(join(dist, target.out)) && (await hashOf(root, record.inputs)) === record.hash
}

async function build(root: string, dist: string, targets: readonly Target[]): Promise<Record<string, BundleRecord>> {
  // Loaded only when there is something to build: a warm start does not wait for it.
  const esbuild = await import('esbuild')
  const entryPoints = targets.map(({ entry, out }) => ({ in: join(root, entry), out: out.replace(/\.js$/, '') }))
  const { outputFiles, metafile } = await esbuild
    .build({ ...BUNDLE_OPTIONS, absWorkingDir: root, outdir: dist, entryPoints })
    .finally(() => esbuild.stop())
  await Promise.all(outputFiles!.map(({ path, contents }) => replaceFile(path, contents)))
  const records = targets.map(async ({ name, entry, out }) => {
    const output = metafile!.outputs[relative(root, join(dist, out))]!
    const kept = Object.keys(output.inputs).filter((path) => output.inputs[path]!.bytesInOutput > 0)
    const inputs = reachedFrom(metafile!, entry).flatMap((path) => ownFile(root, path))
    const libraries = librariesIn(kept)
    return [
      name,
      { hash: await hashOf(root, inputs), inputs, sizeBytes: output.bytes, libraries, leaks: leaksOf(metafile!, entry, kept) },
    ] as const
  })
  return Object.fromEntries(await Promise.all(records))
}

/** A metafile's path as a path below the root; packages are left out, as the lock file pins them. */
const ownFile = (root: string, path: string) =>
  path.includes('node_modules/') ? [] : [relative(root, resolve(root, path.replace(/^text:/, '')))]

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
