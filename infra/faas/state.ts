import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

/** Reads a JSON file, or gives `absent` when there is none. @throws {SyntaxError} when the file is not JSON: nothing of ours writes half a file. */
export function readState<T>(path: string, absent: T): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return absent
    throw new SyntaxError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

/** Replaces a JSON file at once: after a `kill -9` it holds the old value or the new one. `durable` holds that for a power loss too. */
export function writeState(path: string, value: unknown, { durable }: { durable: boolean }): void {
  const draft = `${path}.tmp`
  const file = openSync(draft, 'w', 0o600)
  try {
    writeSync(file, JSON.stringify(value, null, 1))
    if (durable) fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
}
