import { appendFileSync, renameSync, type Stats, statSync } from 'node:fs'
import { boundLog } from '../../stack/log-file.ts'
import { logsIn, timesFileOf } from './files.ts'
import { readMarks } from './times.ts'

/**
 * Notes when each log had which size. Replicas write their output themselves, so that nothing of it is lost while no host runs,
 * and what they write has no times of its own.
 */
export class LogStamps {
  readonly #folder: string
  #sizes = new Map<string, number>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Notes what has grown since the look before, one log at each step. */
  *look(): Generator<void> {
    for (const { file } of this.#logs()) {
      this.#see(file)
      yield
    }
  }

  /** Keeps each log and its older part bounded, one at each step. */
  *bound(): Generator<void> {
    for (const { file } of this.#logs()) {
      boundLog(file)
      this.#see(file)
      yield
    }
  }

  #see(file: string): void {
    try {
      const stats = statSync(file, { throwIfNoEntry: false })
      if (stats) this.#note(file, stats)
    } catch {
      // A full disk: times are less exact then, which must not end the host.
    }
  }

  #logs() {
    return [...logsIn(this.#folder).values()].flat()
  }

  #note(file: string, { size, mtimeMs }: Stats): void {
    const times = timesFileOf(file)
    let before = this.#sizes.get(file) ?? readMarks(times).at(-1)?.sizeBytes ?? 0
    if (size < before) {
      renameSync(times, `${times}.1`)
      before = 0
    }
    if (size > before) appendFileSync(times, `${size} ${Math.floor(mtimeMs)}\n`, { mode: 0o600 })
    this.#sizes.set(file, size)
  }
}
