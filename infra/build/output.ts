import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { BuildOptions, BuildResult } from 'esbuild'
import { NATIVE, packageFiles } from './native.ts'
import { type BundleRecord, hashOf, readRecords, replaceFile } from './record.ts'
import { leaksOf, librariesIn, nativeOf, reachedFrom } from './report.ts'
import type { Target } from './targets.ts'
import { textImports } from './text.ts'
import { ymlImports } from './yml.ts'

/** How every bundle is made. */
export const BUNDLE_OPTIONS = {
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
  external: [...NATIVE],
  plugins: [textImports, ymlImports],
  // Packages in CommonJS call `require` for Node's own modules; an ES module has none unless it makes one.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire(import.meta.url)" },
} as const satisfies BuildOptions

/** How the file of a draft's packages begins; the rest says what is in it. */
export const PACKAGES = 'packages-'

/** What esbuild is told for some bundles of a project. */
export const optionsFor = (root: string, dist: string, targets: readonly Target[]) => ({
  ...BUNDLE_OPTIONS,
  plugins: [...BUNDLE_OPTIONS.plugins],
  absWorkingDir: root,
  outdir: dist,
  entryPoints: targets.map(({ entry, out }) => ({ in: join(root, entry), out: out.replace(/\.js$/, '') })),
})

/** What esbuild made; a draft has its packages in a file of their own, which is not described. */
export type Output = BuildResult<{ readonly metafile: true; readonly write: false }>

/**
 * Describes what was built, and writes it to `dist`, each file replaced at once.
 * @param isDraft - made in haste while somebody works on it, so the next build makes it again.
 * @throws {Error} when a bundle holds a client library that nothing in its folder asks for; what is in `dist` stays as it was then.
 */
export async function storeOutput(
  root: string,
  dist: string,
  targets: readonly Target[],
  { outputFiles, metafile }: Output,
  isDraft = false,
): Promise<Record<string, BundleRecord>> {
  const leaks: string[] = []
  const made = targets.map(async ({ name, entry, out }) => {
    const output = metafile.outputs[relative(root, join(dist, out))]!
    const beside = output.imports.flatMap(({ path, external }) => (external ? path : []))
    const kept = [...Object.keys(output.inputs).filter((path) => output.inputs[path]!.bytesInOutput > 0), ...beside]
    const inputs = reachedFrom(metafile, entry).flatMap((path) => ownFile(root, path))
    for (const leak of leaksOf(metafile, entry, kept)) leaks.push(`bundle ${name} must not contain ${leak}`)
    return [
      name,
      { hash: isDraft ? '' : await hashOf(root, inputs), inputs, sizeBytes: output.bytes, libraries: librariesIn(kept) },
    ] as const
  })
  const records = Object.fromEntries(await Promise.all(made))
  if (leaks.length > 0) throw new Error(leaks.join('\n'))
  // What imports another file is written after it; a file whose name says what is in it once is enough.
  for (const { path, contents } of outputFiles) if (!isPackages(path) || !existsSync(path)) await replaceFile(path, contents)
  await Promise.all(targets.map(({ out }) => clearPackages(join(dist, dirname(out)), new Set(outputFiles.map(({ path }) => path)))))
  for (const { entry, out } of targets)
    for (const [name, text] of Object.entries(await packageFiles(root, nativeOf(metafile, entry))))
      await replaceFile(join(dist, `${out}.npm`, name), text)
  await replaceFile(join(dist, 'package.json'), '{"type":"module"}\n')
  await replaceFile(join(dist, 'bundles.json'), JSON.stringify({ ...(await readRecords(dist)), ...records }, null, 1))
  return records
}

/** A metafile's path as a path below the root; packages are left out, as the lock file pins them. */
const ownFile = (root: string, path: string) =>
  path.includes('node_modules/') ? [] : [relative(root, resolve(root, path.replace(/^text:/, '')))]

const isPackages = (path: string) => basename(path).startsWith(PACKAGES)

/** Deletes the packages of drafts that are no more. */
async function clearPackages(folder: string, current: ReadonlySet<string>): Promise<void> {
  const files = (await readdir(folder)).map((name) => join(folder, name)).filter(isPackages)
  await Promise.all(files.filter((path) => !current.has(path)).map((path) => rm(path, { force: true })))
}
