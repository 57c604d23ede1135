import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../../stack/problem.ts'
import { run } from '../../stack/run.ts'
import { ROOT } from '../../stack/settings.ts'
import { readStackFile } from '../../stack/stack-file.ts'
import { type Name, parseName, renamed, usesName } from './name.ts'
import { withEntry } from './stack-entry.ts'

/** What is copied: the smallest folder. */
const MODEL: Name = { service: 'persist-bars', identifier: 'persistBars' }

const folderOf = ({ service }: Name) => join('functions', service)
const testOf = ({ service }: Name) => join('test/unit/functions', `${service}.test.ts`)

/** Makes a function that runs, out of the smallest one: folder, unit test, entry in stack.yml. The rest is its author's. */
export async function newFunction(text: string, root = ROOT): Promise<number> {
  const name = parseName(text)
  const at = (path: string) => join(root, path)
  await refuseTaken(root, name)
  const files = await filesOf(root, name)
  const draft = at('stack.yml.new')
  await writeFile(
    draft,
    withEntry(await readFile(at('stack.yml'), 'utf8'), MODEL.service, (entry) => renamed(entry, MODEL, name)),
  )
  try {
    // Read as it will be, before anything is there to be cleaned up.
    await readStackFile(draft, {})
    await mkdir(at(folderOf(name)))
    for (const { path, content } of files) await writeFile(at(path), content)
    await rename(draft, at('stack.yml'))
  } catch (error) {
    for (const path of [folderOf(name), testOf(name)]) await rm(at(path), { recursive: true, force: true })
    await rm(draft, { force: true })
    throw error
  }
  await format(root, [folderOf(name), testOf(name)])
  const { service } = name
  console.log(`${folderOf(name)} is a copy of ${folderOf(MODEL)}: make it yours`)
  console.log(`${testOf(name)} is its test, and stack.yml has its entry, the last one`)
  console.log(`then: npm run check -- ${service} test/unit/stack, and npx trade2026 deploy ${service} (docs/adding-a-function.md)`)
  return 0
}

type File = { readonly path: string; readonly content: string }

/** The files of the model under the new name. @throws {Problem} where the name already means something in them. */
async function filesOf(root: string, name: Name): Promise<File[]> {
  const folder = await readdir(join(root, folderOf(MODEL))).catch(() => [])
  const paths = [...folder.map((file) => join(folderOf(MODEL), file)), testOf(MODEL)]
  const read = paths.map(async (path) => {
    const text = await readFile(join(root, path), 'utf8').catch(() => {
      throw new Problem(`${path} is not there: it is what a new function is copied from`)
    })
    if (usesName(text, name)) throw new Problem(`${name.identifier} is something else in ${path}: choose another name`)
    return { path: path.replace(MODEL.service, name.service), content: renamed(text, MODEL, name) }
  })
  return Promise.all(read)
}

async function refuseTaken(root: string, name: Name): Promise<void> {
  for (const path of [folderOf(name), testOf(name)]) if (existsSync(join(root, path))) throw new Problem(`${path} is there already`)
  const known = await readStackFile(join(root, 'stack.yml'), {})
  if (known.some(({ service }) => service === name.service)) throw new Problem(`stack.yml has an entry ${name.service} already`)
}

/** Another name moves an import's place and a line's length. Without the formatter (not installed) `npm run fix` does it later. */
async function format(root: string, paths: readonly string[]): Promise<void> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  if (existsSync(biome)) await run(process.execPath, [biome, 'check', '--write', ...paths], { cwd: root })
}
