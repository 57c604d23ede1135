import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Problem } from '../problem.ts'

/**
 * Makes `folder` once: `fill` writes into a temporary folder beside it, which takes its place only when complete.
 * Whoever comes second (another clone, another test file) uses the first one's.
 */
export async function place(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return
  await mkdir(dirname(folder), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(`${dirname(folder)} cannot be written (${error.code}): set TRADE2026_CACHE to a folder that can`)
  })
  const temporary = await mkdtemp(join(dirname(folder), '.unfinished-'))
  try {
    await fill(temporary)
    await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new Problem(`the disk is full: ${dirname(folder)} has no room for the servers`)
    throw error
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
