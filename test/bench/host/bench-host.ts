import { join } from 'node:path'
import { buildAll } from '../../../infra/build/bundle.ts'
import { FEW_THREADS, SHORT_PAUSES } from '../../../infra/stack/node-options.ts'
import { TestHost, until } from '../../integration/faas/host.ts'
import { beforeEnd } from '../../support/before-end.ts'
import { bundleFunction } from '../../support/bundle.ts'

export type BenchHost = TestHost

/** A host of its own, started with the options that the stack gives it, with the function `no-op`, which is built as the project's own functions are. */
export async function startBenchHost(): Promise<{ readonly host: BenchHost; stop(): Promise<void> }> {
  await buildAll()
  const host = await TestHost.start({ LOG_LEVEL: 'warn', NODE_OPTIONS: `${FEW_THREADS} ${SHORT_PAUSES}` })
  await bundleFunction(join(import.meta.dirname, 'no-op.ts'), join(host.folder, 'dist/functions/no-op/index.js'))
  const stop = () => {
    goOn()
    return host.remove()
  }
  const goOn = beforeEnd(stop)
  return { host, stop }
}

/** Waits until no process of a function runs. */
export const untilGone = (host: BenchHost, service: string): Promise<void> =>
  until(`${service} is gone`, () => host.replicas().every((replica) => replica.service !== service))
