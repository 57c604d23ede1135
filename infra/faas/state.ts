import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Reads a JSON file, or gives `absent` when there is none. @throws {SyntaxError} when the file is not JSON: nothing of ours writes half a file. */
export function readState<T>(path: string, absent: T): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return absent
    throw new SyntaxError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

/** What a file is called while it is written. No name of ours ends so. */
export const draftOf = (path: string): string => `${path}~`

/** Replaces a JSON file: see `replaceFile`. */
export const writeState = (path: string, value: unknown, options: { durable: boolean }): void =>
  replaceFile(path, JSON.stringify(value, null, 1), options)

/** Replaces a file at once: after a `kill -9` it holds the old content or the new one. `durable`: the new one, also after a power loss. Only its owner can read it. */
export function replaceFile(path: string, content: string | Uint8Array, { durable }: { durable: boolean }): void {
  const draft = draftOf(path)
  const file = openSync(draft, 'w', 0o600)
  try {
    writeFileSync(file, content)
    if (durable) fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
  if (durable) syncFolder(dirname(path))
}

/** Without it a power loss may take a file's new name back. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
