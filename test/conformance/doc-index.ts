import { expect, test } from 'vitest'
import { versionOf } from '../../shared/domain/version.ts'
import type { DocIndex, FirstDoc } from '../../shared/ports/doc-index.ts'
import { storedDoc } from '../support/stored-doc.ts'

/** What every index of documents must do. Cases share one index: each has ids and versions of its own. */
export function docIndexCases(index: () => DocIndex): void {
  test('a document is stored once: the first one of its id stays', async () => {
    const first = storedDoc({ id: 'once', title: 'first', first_version: 11 })

    expect(await index().store([first])).toEqual([{ kind: 'created' }])
    expect(await index().store([{ ...first, title: 'second', first_version: 12 }])).toEqual([{ kind: 'exists' }])
    expect((await read(index(), 10)).filter(({ id }) => id === 'once').map(({ first_version }) => first_version)).toEqual([11])
  })

  test('of two of one id in a batch the first is stored', async () => {
    const doc = storedDoc({ id: 'twice', first_version: 21 })
    expect(await index().store([doc, storedDoc({ id: 'other', first_version: 22 }), doc])).toEqual([
      { kind: 'created' },
      { kind: 'created' },
      { kind: 'exists' },
    ])
  })

  test('what is after a version comes in order and to the last digit, with what duplicates are found by and no texts', async () => {
    const [largest, smaller] = [versionOf(8191, 2 ** 40 - 1), versionOf(8191, 2 ** 40 - 2)]
    const duplicate = storedDoc({ id: 'large', first_version: largest, dup_of: 'small' })
    await index().store([duplicate, storedDoc({ id: 'small', first_version: smaller, category: 'filings', seen_ms: 1_700_000_000_000 })])

    const { seen_ms, ts_ms, category, simhash } = duplicate
    expect(await read(index(), smaller)).toEqual([
      { id: 'large', first_version: largest, seen_ms, ts_ms, category, simhash, dup_of: 'small' },
    ])
    expect((await read(index(), smaller - 1)).map(({ id }) => id)).toEqual(['small', 'large'])
  })

  test('nothing is stored of nothing, and nothing is after the last', async () => {
    expect(await index().store([])).toEqual([])
    expect(await read(index(), versionOf(8191, 2 ** 40 - 1))).toEqual([])
  })
}

/** All records after a version. */
export async function read(index: DocIndex, version: number): Promise<FirstDoc[]> {
  const found: FirstDoc[] = []
  for await (const page of index.firstsAfter(version)) found.push(...page)
  return found
}
