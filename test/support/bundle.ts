import { build } from 'esbuild'
import { BUNDLE_OPTIONS } from '../../infra/build/output.ts'

/** Makes one file of a function that only tests and benches deploy, as the project's own functions are made. */
export async function bundleFunction(entry: string, outfile: string): Promise<void> {
  await build({ ...BUNDLE_OPTIONS, plugins: [...BUNDLE_OPTIONS.plugins], write: true, entryPoints: [entry], outfile })
}
