import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'

const MOST_BYTES = 16 * 1024 * 1024

/** `<data>/logs/NAME.log`. */
export const logFileOf = (data: string, name: string): string => join(data, 'logs', `${name}.log`)

/** Opens a log for a process to append to by itself, so that its lines are kept even while the supervisor is away. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true })
  return openSync(file, 'a')
}

/**
 * Keeps a log and one older part (`.1`) each below 16 MiB. The writer appends, so it goes on at the start after the cut.
 * Where there is no room for the older part (a full disk) it is given up: a log must never end the process that bounds it.
 */
export function boundLog(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < MOST_BYTES) return
  try {
    copyFileSync(file, `${file}.1`)
  } catch {
    rmSync(`${file}.1`, { force: true, recursive: true })
  }
  truncateSync(file)
}

/** The last line of a log that says something, for an error message. */
export function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.slice(0, 300) ?? ''
  } catch {
    return ''
  }
}
