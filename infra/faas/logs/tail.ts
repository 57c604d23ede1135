import { open } from 'node:fs/promises'
import type { ReplicaLog } from './files.ts'
import { cutLines, type LogLine } from './part.ts'

/** The most that is read at once. */
const MOST_BYTES = 1024 * 1024

/** Reads what is appended to a log, as whole lines. */
export class LogTail {
  readonly #log: ReplicaLog
  #at: number
  #rest: Buffer

  /** @param at - what was read of it already, of which `rest` is the beginning of a line. */
  constructor(log: ReplicaLog, at = 0, rest: Buffer = Buffer.alloc(0)) {
    this.#log = log
    this.#at = at
    this.#rest = rest
  }

  /** The lines that are new. */
  async next(): Promise<LogLine[]> {
    const handle = await open(this.#log.file)
    try {
      const { size, mtimeMs } = await handle.stat()
      // A log that was cut begins anew.
      if (size < this.#at) {
        this.#at = 0
        this.#rest = Buffer.alloc(0)
      }
      if (size === this.#at) return []
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size - this.#at, MOST_BYTES)), { position: this.#at })
      this.#at += bytesRead
      const { lines, rest } = cutLines(Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]))
      this.#rest = rest
      return lines.map(({ text }) => ({ instance: this.#log.instance, ms: mtimeMs, text }))
    } finally {
      await handle.close()
    }
  }
}
