import { join, relative, resolve } from 'node:path'
import type { BuildOptions, BuildResult } from 'esbuild'
import { type BundleRecord, hashOf, readRecords, replaceFile } from './record.ts'
import { leaksOf, librariesIn, reachedFrom } from './report.ts'
import type { Target } from './targets.ts'
import { textImports } from './text.ts'

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
  plugins: [textImports],
  // Packages in CommonJS call `require` for Node's own modules; an ES module has none unless it makes one.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire(import.meta.url)" },
} as const satisfies BuildOptions

/** What esbuild is told for some bundles of a project. */
export const optionsFor = (root: string, dist: string, targets: readonly Target[]) => ({
  ...BUNDLE_OPTIONS,
  plugins: [...BUNDLE_OPTIONS.plugins],
  absWorkingDir: root,
  outdir: dist,
  entryPoints: targets.map(({ entry, out }) => ({ in: join(root, entry), out: out.replace(/\.js$/, '') })),
})

/** What esbuild made. */
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
    const kept = Object.keys(output.inputs).filter((path) => output.inputs[path]!.bytesInOutput > 0)
    const inputs = reachedFrom(metafile, entry).flatMap((path) => ownFile(root, path))
    for (const leak of leaksOf(metafile, entry, kept)) leaks.push(`bundle ${name} must not contain ${leak}`)
    return [
      name,
      { hash: isDraft ? '' : await hashOf(root, inputs), inputs, sizeBytes: output.bytes, libraries: librariesIn(kept) },
    ] as const
  })
  const records = Object.fromEntries(await Promise.all(made))
  if (leaks.length > 0) throw new Error(leaks.join('\n'))
  await Promise.all(outputFiles.map(({ path, contents }) => replaceFile(path, contents)))
  await replaceFile(join(dist, 'package.json'), '{"type":"module"}\n')
  await replaceFile(join(dist, 'bundles.json'), JSON.stringify({ ...(await readRecords(dist)), ...records }, null, 1))
  return records
}

/** A metafile's path as a path below the root; packages are left out, as the lock file pins them. */
const ownFile = (root: string, path: string) =>
  path.includes('node_modules/') ? [] : [relative(root, resolve(root, path.replace(/^text:/, '')))]
