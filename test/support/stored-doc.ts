import type { StoredDoc } from '../../shared/ports/doc-index.ts'

/** A document as it is stored; what matters to a test is given. */
export const storedDoc = (more: Partial<StoredDoc> = {}): StoredDoc => ({
  id: 'doc-1',
  ts_ms: 1_697_292_000_000,
  seen_ms: 1_697_292_001_000,
  category: 'news',
  source: 'wire',
  title: 'Rates unchanged',
  body: 'The committee decided to keep the target range.',
  url: 'https://example.org/1',
  symbols: ['BTCUSDT'],
  sentiment: 0.1,
  lang: 'en',
  model: 'lexicon-1',
  dup_of: null,
  first_version: 1,
  simhash: '00ff00ff00ff00ff',
  ...more,
})
