import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ROOT } from '../../infra/stack/settings.ts'

/** What is not part of the repository, or is linked into the copy instead. */
const NOT_COPIED = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage'])

export type ProjectCopy = { readonly folder: string; readonly root: string; discard(): Promise<void> }

/** Copies the project as a clone of it would be, to change it; `folder` has room beside it. */
export async function copyProject(): Promise<ProjectCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'trade2026-copy-'))
  const root = join(folder, 'trade2026')
  await cp(ROOT, root, { recursive: true, filter: (path) => !NOT_COPIED.has(relative(ROOT, path)) })
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return { folder, root, discard: () => rm(folder, { recursive: true, force: true }) }
}

const END_OF_TABLE = '} as const satisfies'

/** Puts an entry at the end of the copy's table of streams. */
export async function addStream(root: string, entry: string): Promise<void> {
  const path = join(root, 'shared/contract/streams.ts')
  const table = await readFile(path, 'utf8')
  if (table.split(END_OF_TABLE).length !== 2) throw new Error(`the end of the table in ${path} is not where it was`)
  await writeFile(path, table.replace(END_OF_TABLE, entry + END_OF_TABLE))
}
