import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = join(import.meta.dirname, '../../../shared/data/docs/fomc.jsonl')

type Statement = { readonly published_at: string; readonly text: string; readonly source: string }

/** The 129 statements of the FOMC, 1994 to 2012, as documents: successive ones are near-duplicates. They lie beside the repository and are no part of it. */
export const statements = (): Record<string, unknown>[] =>
  readFileSync(FILE, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Statement)
    .map(({ published_at, text }) => ({
      published_at,
      category: 'central-bank',
      source: 'federalreserve.gov',
      title: `FOMC statement of ${published_at}`,
      body: text,
      symbols: ['USD', 'SPY'],
      ts_ms: undefined,
    }))
