import { join } from 'node:path'
import { build } from 'esbuild'
import { BUNDLE_OPTIONS } from '../../../infra/build/output.ts'
import { TestHost, until } from '../../integration/faas/host.ts'

export type BenchHost = TestHost

/** A host of its own with the function `no-op`, which is built as the project's own functions are. */
export async function startBenchHost(): Promise<BenchHost> {
  const host = await TestHost.start({ LOG_LEVEL: 'warn' })
  const outfile = join(host.folder, 'dist/functions/no-op/index.js')
  const built = await build({ ...BUNDLE_OPTIONS, write: true, entryPoints: [join(import.meta.dirname, 'no-op.ts')], outfile })
  if (built.errors.length > 0) throw new Error('the no-op function does not build')
  return host
}

/** Waits until no process of a function runs. */
export const untilGone = (host: BenchHost, service: string): Promise<void> =>
  until(`${service} is gone`, () => host.replicas().every((replica) => replica.service !== service))
