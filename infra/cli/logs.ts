import { readdirSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../stack/problem.ts'
import { readSettings } from '../stack/settings.ts'
import { wholeNumber } from './number.ts'

/** The most that is read of a log to find its last lines. */
const TAIL_BYTES = 4 * 1024 * 1024

/** Prints the last lines of a process's or function's log; with `follow` it goes on until Ctrl-C. */
export async function logs(name: string, options: { follow?: boolean; lines: string }): Promise<number> {
  const count = wholeNumber('--lines', options.lines)
  const { data } = readSettings()
  const found = logFiles(data)
  const file = found.get(name)
  if (!file) throw new Problem(`there is no log ${name} in ${data}; there are: ${[...found.keys()].join(', ') || 'none yet'}`)
  const handle = await open(file)
  const { size } = await handle.stat()
  const start = Math.max(0, size - TAIL_BYTES)
  const text = await read(handle, start, size)
  const lines = text.split('\n').slice(start > 0 ? 1 : 0)
  process.stdout.write(lines.slice(-count - 1).join('\n'))
  if (options.follow) await follow(file, handle, size)
  await handle.close()
  return 0
}

/** All logs by the name of their process or function. */
const logFiles = (data: string): Map<string, string> => {
  const folders = [join(data, 'logs'), join(data, 'faas', 'logs')]
  const inFolder = (folder: string) => {
    try {
      return readdirSync(folder)
        .filter((file) => file.endsWith('.log'))
        .map((file) => [file.slice(0, -'.log'.length), join(folder, file)] as const)
    } catch {
      return []
    }
  }
  return new Map(folders.flatMap(inFolder))
}

const read = async (handle: FileHandle, from: number, to: number): Promise<string> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from)
  return buffer.toString('utf8', 0, bytesRead)
}

async function follow(file: string, handle: FileHandle, from: number): Promise<void> {
  const stopped = new AbortController()
  process.once('SIGINT', () => stopped.abort())
  for (let at = from; !stopped.signal.aborted; ) {
    const { size } = await stat(file)
    // A log that was cut starts again at its beginning.
    if (size < at) at = 0
    if (size > at) process.stdout.write(await read(handle, at, size))
    at = size
    await sleep(200, undefined, { signal: stopped.signal }).catch(() => {})
  }
}
