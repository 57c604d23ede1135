import { existsSync, readdirSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logFolder, logsIn } from '../faas/logs/files.ts'
import { readLog } from '../faas/logs/read.ts'
import { Problem } from '../stack/problem.ts'
import { readSettings } from '../stack/settings.ts'
import { wholeNumber } from './option.ts'

/** The most that is read of a log to find its last lines. */
const TAIL_BYTES = 4 * 1024 * 1024

/** Prints the last lines of a process's or function's log; with `follow` it goes on until Ctrl-C. */
export async function logs(name: string, options: { follow?: boolean; lines: string }): Promise<number> {
  const count = wholeNumber('--lines', options.lines)
  const { data } = readSettings()
  const ended = new AbortController()
  process.once('SIGINT', () => ended.abort())
  const folder = logFolder(join(data, 'faas'))
  const functions = logsIn(folder)
  if (functions.has(name)) {
    for await (const lines of readLog({ folder, service: name, last: count }, options.follow ? ended.signal : undefined))
      for (const { text } of lines) process.stdout.write(`${text}\n`)
    return 0
  }
  const found = logFiles(join(data, 'logs'))
  const file = found.get(name)
  if (!file) {
    const names = [...found.keys(), ...functions.keys()]
    throw new Problem(`there is no log ${name} in ${data}; there are: ${names.join(', ') || 'none yet'}`)
  }
  const handle = await open(file)
  const { size } = await handle.stat()
  const start = Math.max(0, size - TAIL_BYTES)
  const text = await read(handle, start, size)
  const lines = text.split('\n').slice(start > 0 ? 1 : 0)
  process.stdout.write(lines.slice(-count - 1).join('\n'))
  if (options.follow) await follow(file, handle, size, ended.signal)
  await handle.close()
  return 0
}

/** The processes' logs by name. */
const logFiles = (folder: string): Map<string, string> => {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.log')) : []
  return new Map(files.map((file) => [file.slice(0, -'.log'.length), join(folder, file)]))
}

const read = async (handle: FileHandle, from: number, to: number): Promise<string> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from)
  return buffer.toString('utf8', 0, bytesRead)
}

async function follow(file: string, handle: FileHandle, from: number, end: AbortSignal): Promise<void> {
  for (let at = from; !end.aborted; ) {
    const { size } = await stat(file)
    // A log that was cut starts again at its beginning.
    if (size < at) at = 0
    if (size > at) process.stdout.write(await read(handle, at, size))
    at = size
    await sleep(200, undefined, { signal: end }).catch(() => {})
  }
}
