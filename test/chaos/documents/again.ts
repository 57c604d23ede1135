import type { Doc } from './corpus.ts'

const SPELLINGS: readonly ((url: URL) => string)[] = [
  ({ host, pathname, search }) => `http://${host.toUpperCase()}${pathname}${search}`,
  ({ host, pathname, search }) => `https://${host}:443${pathname}/${search}#top`,
  ({ host, pathname, search }) => `https://${host}${pathname}${search}${search ? '&' : '?'}utm_source=again&fbclid=1`,
  ({ host, pathname, searchParams }) =>
    `https://reader@${host}${pathname}?${[...searchParams]
      .reverse()
      .map((pair) => pair.join('='))
      .join('&')}`,
]

/** The same document spelled otherwise: its address in another form and with another text, or, where it has none, its text with other blanks and in NFD. */
export function misspelt(next: () => number, doc: Doc): Doc {
  if (doc.url === undefined) return { ...doc, title: ` ${doc.title} `, body: doc.body.normalize('NFD').replaceAll(' ', '  ') }
  const spelling = SPELLINGS[Math.floor(next() * SPELLINGS.length)]!
  return { ...doc, url: spelling(new URL(doc.url)), title: `${doc.title}, again`, body: `Another text of it. ${doc.body}` }
}
