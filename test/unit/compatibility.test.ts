import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../infra/stack/settings.ts'
import { page } from '../compatibility/page.ts'
import { SECTIONS } from '../compatibility/rows.ts'

test('docs/compatibility.md shows an answer to every command that is tried, and to no other', () => {
  const commandsOf = (text: string) => [...text.matchAll(/^\| `(.+?)` \| [0-9]/gm)].map(([, command]) => command)
  const asked = page(
    SECTIONS.map(({ title, rows }) => ({ title, findings: rows.map((row) => ({ row, exit: row.exit, output: '', failure: null })) })),
  )
  expect(commandsOf(readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8'))).toEqual(commandsOf(asked))
})
