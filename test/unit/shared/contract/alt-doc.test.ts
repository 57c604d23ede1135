import { expect, test } from 'vitest'
import { AltDoc } from '../../../../shared/contract/alt-doc.ts'
import { altNamesOf, altSubject } from '../../../../shared/contract/subjects.ts'

const NONE = { category: null, source: null, title: '', body: '', url: null, symbols: [], sentiment: null, lang: null, model: null }

test('a document in the form of the seeds', () => {
  const doc = {
    timestamp: '2023-10-14T14:00:00Z',
    category: 'News',
    source: 'coindesk',
    title: ' Bitcoin rises ',
    body: 'by 3 %',
    url: 'https://coindesk.com/a',
    symbols: ['eth', 'BTC', 'btc', ''],
    sentiment: 0.42,
  }
  const { timestamp: _, ...rest } = doc
  expect(AltDoc.parse(doc)).toEqual({
    ...NONE,
    ...rest,
    ts_ms: 1697292000000,
    category: 'news',
    title: 'Bitcoin rises',
    symbols: ['BTC', 'ETH'],
  })
})

test('what may be left out is null, empty or none', () => {
  expect(AltDoc.parse({ ts_ms: 1697292000000, body: 'x', url: '', symbols: null, lang: 'EN' })).toEqual({
    ...NONE,
    ts_ms: 1697292000000,
    body: 'x',
    lang: 'en',
  })
})

test('a day is its beginning', () => {
  expect(AltDoc.parse({ published_at: '1994-02-04', title: 'x' }).ts_ms).toBe(Date.UTC(1994, 1, 4))
})

test.each(['soon', '2023-13-01', '94-02-04', '', null, undefined, '2023-02-31x'])('%j is no date', (ts_ms) => {
  expect(AltDoc.parse({ ts_ms, title: 'x' }).ts_ms).toBeNull()
})

test.each([
  ['category', '../x'],
  ['category', '_x'],
  ['sentiment', 1.1],
  ['symbols', 'BTC'],
  ['body', 7],
  ['title', 'x'.repeat(2001)],
])('%s %j is refused', (name, value) => {
  expect(AltDoc.safeParse({ ts_ms: 1697292000000, body: 'x', [name]: value }).success).toBe(false)
})

test('a lone surrogate does not reach a store', () => {
  expect(AltDoc.parse({ ts_ms: 1, body: 'a\ud800b' }).body).toBe('a\ufffdb')
})

test('category and source of a subject are read back, also where a source was not encoded', () => {
  expect(altNamesOf(altSubject('news', 'www.sec.gov'))).toEqual({ category: 'news', source: 'www.sec.gov' })
  expect(altNamesOf('alt.norm.news.www.sec.gov')).toEqual({ category: 'news', source: 'www.sec.gov' })
  expect(altNamesOf('alt.norm.news')).toEqual({ category: 'news', source: '' })
})
