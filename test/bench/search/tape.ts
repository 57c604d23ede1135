import { readPage } from '../../../functions/alt-ingest/text/page.ts'
import { altSubject } from '../../../shared/contract/subjects.ts'
import { pick, random } from '../../chaos/random.ts'
import { realDocs } from '../../support/real-data.ts'
import { wordSource } from './words.ts'

export type Message = {
  readonly subject: string
  readonly text: string
  /** It says again what an earlier one said, under another spelling of its address. */
  readonly isRepeat: boolean
}
type Doc = { ts_ms: number; category: string; source: string; title: string; body: string; url?: string; [field: string]: unknown }

const CATEGORIES = ['news', 'news', 'news', 'filings', 'social', 'macro']
const SOURCES = 40
const SYMBOLS = 60
/** So many words half of the stories have, and how far the others are from it (log-normal). */
const MEDIAN_WORDS = 180
const SPREAD = 0.7
const MOST_WORDS = 3_000
/** Of a hundred documents so many are repeats, and so many nearly so. */
const REPEATS = 3
const NEAR = 5
/** Repeats come soon. */
const REMEMBERED = 2_000
/** A story each 26 s: a hundred thousand in thirty days. */
const EVERY_MS = 26_000

/**
 * Documents as a busy source would send them, in the order of their dates up to `endMs`: generated ones (their sources say so) and, among them in even
 * steps, the real ones of ../shared/data/docs. The same seed makes the same documents. Endless; of `count` the dates are right.
 */
export function* documents(count: number, endMs: number, seed = 1): Generator<Message> {
  const next = random(seed)
  const real = realDocuments()
  const story = storyteller(
    next,
    real.map(({ body }) => body),
  )
  const recent: Doc[] = []
  const step = Math.max(1, Math.floor(count / (real.length + 1)))
  for (let i = 0; ; i++) {
    const tsMs = endMs - Math.max(0, count - i) * EVERY_MS
    const known = (i + 1) % step === 0 ? real[(i + 1) / step - 1] : undefined
    const chance = next() * 100
    const earlier = !known && recent.length > 0 && chance < REPEATS + NEAR ? pick(next, recent) : undefined
    const isRepeat = earlier !== undefined && chance < REPEATS
    const doc = known ?? (earlier ? (isRepeat ? again(earlier) : nearly(earlier, i, tsMs)) : story(i, tsMs))
    if (doc.url !== undefined && !isRepeat) recent[i % REMEMBERED] = doc
    yield { subject: altSubject(doc.category, doc.source), text: JSON.stringify(doc), isRepeat }
  }
}

/** Title and text of a message. */
export const wordsOf = ({ text }: Message): string[] => {
  const { title, body } = JSON.parse(text) as Doc
  return `${title} ${body}`.match(/\p{L}+/gu) ?? []
}

function storyteller(next: () => number, texts: readonly string[]) {
  const word = wordSource(next, texts)
  const sentence = (words: number) => {
    const text = Array.from({ length: words }, word).join(' ')
    return text[0]!.toUpperCase() + text.slice(1)
  }
  // The fourth power prefers a few.
  const few = (most: number) => Math.floor(next() ** 4 * most)
  return (i: number, ts_ms: number): Doc => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    const paragraphs: string[] = []
    for (let left = Math.min(MOST_WORDS, MEDIAN_WORDS * Math.exp(SPREAD * normal)); left > 0; left -= 80)
      paragraphs.push(Array.from({ length: 4 }, () => `${sentence(10 + Math.floor(next() * 20))}.`).join(' '))
    const source = `generated-${few(SOURCES)}`
    return {
      ts_ms,
      category: pick(next, CATEGORIES),
      source,
      title: sentence(6 + Math.floor(next() * 7)),
      body: paragraphs.join('\n\n'),
      url: `https://${source}.example/${i}`,
      symbols: Array.from({ length: Math.floor(next() * 4) }, () => `GEN${few(SYMBOLS)}`),
      sentiment: Math.round((next() * 2 - 1) * 1000) / 1000,
      lang: 'en',
      model: 'generated',
    }
  }
}

const again = (doc: Doc): Doc => ({ ...doc, url: `${doc.url}/?utm_source=again#top` })

/** Another address and another first sentence. */
const nearly = (doc: Doc, i: number, ts_ms: number): Doc => ({
  ...doc,
  ts_ms,
  body: `Updated ${i}. ${doc.body}`,
  url: `https://${doc.source}.example/${i}`,
})

function realDocuments(): Doc[] {
  if (!realDocs.available) return []
  const statements = realDocs.statements().map(({ published_at, text }) => ({
    ts_ms: Date.parse(published_at),
    category: 'macro',
    source: 'federalreserve.gov',
    title: `FOMC statement of ${published_at}`,
    body: text,
  }))
  const filings = ['Oracle.8-K.html', '1800Flowers.8-K.html', 'form8k.Nordstrom.html'].map((file) => ({
    ts_ms: Date.parse('2024-11-18'),
    category: 'filings',
    source: 'sec.gov',
    title: file,
    body: readPage(realDocs.filing(file)).text,
  }))
  return [...statements, ...filings]
}
