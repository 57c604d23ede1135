import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the pinned versions and hashes stand. */
export const LOCK_FILE = join(import.meta.dirname, 'servers.lock.txt')

/** A wheel: `requirement` is its whole stanza of the lock file, as pip reads it. */
export type WheelPin = { readonly name: string; readonly version: string; readonly requirement: string }

/** A jar: Maven coordinates `group:artifact:version` and the sha256 of the file. */
export type JarPin = { readonly coordinates: string; readonly artifact: string; readonly version: string; readonly sha256: string }

/** Where the jars of OpenSearch stand: there are many. */
export const OPENSEARCH_LOCK_FILE = join(import.meta.dirname, 'opensearch.lock.txt')

export type Pins = { wheel(name: string): WheelPin; readonly questdb: JarPin }

/** Reads the lock file: pip's requirements with hashes, and one comment line for the jar. */
export async function readPins(file = LOCK_FILE): Promise<Pins> {
  const text = await readFile(file, 'utf8')
  const wheels = new Map<string, WheelPin>()
  for (const [requirement, name, version] of text.matchAll(/^([\w-]+)==(\S+) \\\n(?: +--hash=\S+(?: \\)?\n?)+/gm)) {
    if (name && version) wheels.set(name, { name, version, requirement })
  }
  const [questdb] = jarPins(text, '# maven ')
  if (!questdb) throw new Error(`${file} names no jar`)
  return {
    wheel(name) {
      const pin = wheels.get(name)
      if (!pin) throw new Error(`${file} has no entry ${name}`)
      return pin
    },
    questdb,
  }
}

/** Reads the jars of OpenSearch, in the order of the file: the class path has it too. */
export const readOpensearchPins = async (file = OPENSEARCH_LOCK_FILE): Promise<readonly JarPin[]> => jarPins(await readFile(file, 'utf8'))

/** The lines `COORDINATES --hash=sha256:HASH` of a text. */
const jarPins = (text: string, before = ''): JarPin[] =>
  text.split('\n').flatMap((line) => {
    const [, coordinates, artifact, version, sha256] =
      /^([\w.-]+:([\w.-]+):([\w.-]+)) --hash=sha256:([0-9a-f]{64})$/.exec(line.slice(before.length)) ?? []
    return line.startsWith(before) && coordinates && artifact && version && sha256 ? [{ coordinates, artifact, version, sha256 }] : []
  })
