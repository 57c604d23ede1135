import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CODES } from '../../../../shared/runtime/errors.ts'

const PAGE = join(import.meta.dirname, '../../../../docs/errors.md')

test('docs/errors.md has a row for every code, and for no other', () => {
  const rows = [...readFileSync(PAGE, 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)

  expect(rows.toSorted()).toEqual([...CODES].toSorted())
})
