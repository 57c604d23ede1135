import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from '../../infra/stack/settings.ts'

const NAME = 'trade2026-tests'

/**
 * What a run's processes have compiled, and stripped of types, is kept for those that come after them. The next run begins by deleting it:
 * at the end of this one some are still writing, as each does when it ends.
 */
export default function keepCompiled(): void {
  // A run that a test starts, in a copy of the project, goes on with what there is.
  if (basename(process.env.NODE_COMPILE_CACHE ?? '') === NAME) return
  const folder = join(ROOT, 'node_modules/.cache', NAME)
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.env.NODE_COMPILE_CACHE = folder
}
