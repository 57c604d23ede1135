import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Deletes what is in a folder, as far as that is possible: nothing there is needed, and a start must not fail for it. */
export const empty = (folder: string): void => {
  try {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
  } catch {
    // The next start tries again.
  }
}
