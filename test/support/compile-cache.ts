import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a run's processes have compiled, and stripped of types, is kept for those that come after them until the run ends. */
export default function keepCompiled(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'trade2026-compiled-'))
  process.env.NODE_COMPILE_CACHE = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
