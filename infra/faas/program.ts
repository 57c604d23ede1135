import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { bundleOf, Refusal } from './deployment.ts'

/** What a replica runs, and where. */
export type Program = { readonly command: readonly string[]; readonly folder: string; readonly isBundle: boolean }

/** Where programs of others are looked for: the host's own PATH, and before it the Node that runs the host. */
export const SEARCH_PATH = [dirname(process.execPath), process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter)

const MOST_FILES = 10_000
const NOT_CODE = new Set(['node_modules', '__pycache__'])

/**
 * The program of an image: the bundle `functions/NAME/index.js` below `dist`, or the given command. A command runs in the image's own
 * folder: `functions/NAME` below `dist`, or else beside `dist`; where there is neither, in the folder that `dist` is in.
 * @throws {Refusal} 400 when the image's name is none.
 */
export function programOf(image: string, command: readonly string[] | null, dist: string): Program {
  const name = bundleOf(image)
  const bundled = join(dist, 'functions', name)
  if (command === null) return { command: [process.execPath, join(bundled, 'index.js')], folder: bundled, isBundle: true }
  const root = dirname(dist)
  const folder = [bundled, join(root, 'functions', name)].find((path) => existsSync(path)) ?? root
  return { command, folder, isBundle: false }
}

/**
 * What tells one form of a program's code from another.
 * @throws {Refusal} 400 when there is no such program.
 */
export function stampOf({ command, folder, isBundle }: Program, image: string): string {
  const hash = createHash('sha256')
  if (isBundle) {
    const bundle = command[1]!
    if (!existsSync(bundle)) throw new Refusal(400, noBundle(image))
    return hash.update(readFileSync(bundle)).digest('hex')
  }
  const [program, ...args] = command
  if (!isExecutable(program!, folder)) throw new Refusal(400, `fprocess: there is no program ${program} to run, in PATH or from ${folder}`)
  const own = folder.endsWith(join('functions', bundleOf(image))) ? filesIn(folder) : args.map((arg) => resolve(folder, arg))
  for (const file of own) {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat?.isFile()) hash.update(`${file} ${stat.size} ${stat.mtimeMs}\n`)
  }
  return hash.digest('hex')
}

const noBundle = (image: string) =>
  `image "${image}" has no bundle functions/${bundleOf(image)}/index.js: build it with npm run build, or say with fprocess what to run`

function isExecutable(program: string, folder: string): boolean {
  const paths = program.includes('/') ? [resolve(folder, program)] : SEARCH_PATH.split(delimiter).map((path) => join(path, program))
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  })
}

/** The files of a folder, without what is hidden or installed: the code that somebody writes. */
function filesIn(folder: string): string[] {
  const files: string[] = []
  const folders = [folder]
  for (let at = folders.pop(); at !== undefined && files.length < MOST_FILES; at = folders.pop()) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || NOT_CODE.has(entry.name)) continue
      if (entry.isDirectory()) folders.push(join(at, entry.name))
      else files.push(join(at, entry.name))
    }
  }
  return files.sort()
}
