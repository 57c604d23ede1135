import { expect, test } from 'vitest'
import { canonicalUrl } from '../../../../shared/alt/canonical-url.ts'
import { documentId } from '../../../../shared/alt/document-id.ts'

test.each([
  ['HTTP://News.Example:80/a/?b=2&a=1&utm_source=x&fbclid=y#top', 'https://news.example/a?a=1&b=2'],
  ['https://user:secret@news.example/a//', 'https://news.example/a'],
  ['https://news.example', 'https://news.example/'],
  ['https://news.example/?utm_medium=rss', 'https://news.example/'],
  ['https://news.example:8443/a', 'https://news.example:8443/a'],
  ['https://news.example/A?id=7', 'https://news.example/A?id=7'],
])('%s is %s', (text, canonical) => {
  expect(canonicalUrl(text)).toBe(canonical)
  expect(canonicalUrl(canonical)).toBe(canonical)
})

test.each(['', 'news', '/a', 'ftp://news.example/a', 'javascript:alert(1)', 'http://'])('%j is no address of the web', (text) => {
  expect(canonicalUrl(text)).toBeNull()
})

const doc = { url: null, title: 'A title', body: 'Some text' }

test('one address is one document, whatever its text', () => {
  const id = documentId({ ...doc, url: 'https://news.example/a' })
  expect(documentId({ url: 'http://news.example/a/?utm_source=x', title: 'Another', body: '' })).toBe(id)
  expect(documentId({ ...doc, url: 'https://news.example/b' })).not.toBe(id)
})

test('without an address the text is what makes it; spaces and composed letters make no difference', () => {
  expect(documentId({ ...doc, body: ' Some\n  text ' })).toBe(documentId(doc))
  expect(documentId({ ...doc, body: 'cafe\u0301' })).toBe(documentId({ ...doc, body: 'caf\u00e9' }))
  expect(documentId({ ...doc, url: 'no address' })).toBe(documentId(doc))
  expect(documentId({ ...doc, title: 'A', body: 'title\nSome text' })).not.toBe(documentId(doc))
  expect(documentId(doc)).toMatch(/^[0-9a-f]{64}$/)
})

test('a text of nothing but marks takes no longer than another', () => {
  const marks = 'a\u0301\u0323'.padEnd(500_000, '\u0301\u0323')
  expect(documentId({ ...doc, body: marks })).toMatch(/^[0-9a-f]{64}$/)
}, 10_000)
