import { type FileHandle, open } from 'node:fs/promises'
import { timesFileOf } from './files.ts'
import { clockOf, type Mark, offsetSince, readMarks } from './times.ts'

/** A line of a replica's output, and when it was written. */
export type LogLine = { readonly instance: string; readonly ms: number; readonly text: string }

const BLOCK_BYTES = 64 * 1024
/** A longer line is told in pieces. */
const MOST_LINE_BYTES = 64 * 1024
const NEWLINE = 0x0a

/** One file of a log, opened to read what is in it now. */
export class LogPart {
  /** How large it was when it was opened. */
  readonly sizeBytes: number
  readonly #handle: FileHandle
  readonly #instance: string
  readonly #marks: readonly Mark[]
  readonly #latestMs: number

  private constructor(handle: FileHandle, instance: string, marks: readonly Mark[], { size, mtimeMs }: { size: number; mtimeMs: number }) {
    this.#handle = handle
    this.#instance = instance
    this.#marks = marks
    this.sizeBytes = size
    this.#latestMs = Math.floor(mtimeMs)
  }

  /** Undefined when there is no such file. */
  static async open(file: string, instance: string): Promise<LogPart | undefined> {
    const handle = await open(file).catch(() => undefined)
    return handle && new LogPart(handle, instance, readMarks(timesFileOf(file)), await handle.stat())
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  offsetSince(ms: number): number {
    return offsetSince(this.#marks, ms)
  }

  /** Where the last `count` lines begin; `found` is how many there are, when they are fewer. */
  async offsetOfLast(count: number): Promise<{ offset: number; found: number }> {
    if (count <= 0) return { offset: this.sizeBytes, found: 0 }
    let found = 0
    for (let end = this.sizeBytes; end > 0; end -= BLOCK_BYTES) {
      const start = Math.max(end - BLOCK_BYTES, 0)
      const block = await this.#read(start, end)
      for (let at = block.length - 1; at >= 0; at--) {
        // The newline that ends the file begins no line.
        if (block[at] !== NEWLINE || start + at + 1 === this.sizeBytes) continue
        if (++found === count) return { offset: start + at + 1, found }
      }
    }
    return { offset: 0, found: this.sizeBytes === 0 ? 0 : found + 1 }
  }

  /**
   * The whole lines from an offset on, in batches.
   * @param begun - the beginning of the first of them, from another part.
   * @returns the beginning of one that is not whole, often nothing.
   */
  async *lines(from: number, begun: Buffer): AsyncGenerator<LogLine[], Buffer> {
    const timeAt = clockOf(this.#marks, this.#latestMs)
    let pending = begun
    for (let at = from; at < this.sizeBytes; at += BLOCK_BYTES) {
      const end = Math.min(at + BLOCK_BYTES, this.sizeBytes)
      const block = Buffer.concat([pending, await this.#read(at, end)])
      const { lines, rest } = cutLines(block)
      const first = end - block.length
      yield lines.map(({ end: lineEnd, text }) => ({ instance: this.#instance, ms: timeAt(first + lineEnd), text }))
      pending = rest
    }
    return pending
  }

  async #read(from: number, to: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(to - from), 0, to - from, from)
    return buffer.subarray(0, bytesRead)
  }
}

/** The whole lines of a block, each with where it ends in it, and what is left over. */
export function cutLines(block: Buffer): { lines: { readonly end: number; readonly text: string }[]; rest: Buffer } {
  const lines: { end: number; text: string }[] = []
  let at = 0
  for (;;) {
    const newline = block.indexOf(NEWLINE, at)
    const end = Math.min(newline === -1 ? block.length : newline, at + MOST_LINE_BYTES)
    if (newline === -1 && end === block.length) return { lines, rest: Buffer.from(block.subarray(at)) }
    lines.push({ end, text: block.toString('utf8', at, end) })
    at = end === newline ? end + 1 : end
  }
}
