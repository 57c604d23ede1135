import { pick, random, shuffle } from '../random.ts'
import { misspelt } from './again.ts'
import { malformed } from './malformed.ts'

/** A document as its source publishes it. */
export type Doc = Readonly<Record<string, unknown>> & { readonly title: string; readonly body: string; readonly url?: string | undefined }

/** One message of the run. `code`: it is malformed, and must end in the dead letters with it. */
export type Sent = { readonly subject: string; readonly payload: string | Uint8Array; readonly code?: string }

/** A document and where it is published. */
export type Known = { readonly subject: string; readonly doc: Doc }

const CATEGORIES = ['news', 'filings', 'social', 'macro-data'] as const
/** On either side of two borders of months, one of which is that of a year. */
const DAYS = ['2025-12-31', '2026-01-01', '2026-01-31', '2026-02-01'] as const
const DAY_MS = 86_400_000
const SYMBOLS = ['BTC', 'eth', 'SPY', 'aapl', 'USD', 'Sol'] as const
const LETTERS = ['ba', 'ke', 'li', 'mo', 'nu', 'ra', 'sé', 'to', 'vy', 'zü', 'да', 'но', '東', 'mi']
const WORDS = LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.map((c) => a + b + c)))
/** A repeat comes shortly after the first, or any time later. */
const SHORTLY = 30

/**
 * The messages of a run, without end; they depend on the seed and on the real documents alone. Real ones come again and again, in their order. Generated ones
 * have a source and a title that say so. Beside new documents there are exact repeats, other spellings of what is there, near-duplicates, and malformed messages.
 */
export function* corpus(seed: number, real: readonly Known[]): Generator<Sent> {
  const next = random(seed ^ 0x5eed)
  const known: Known[] = []
  let played = 0
  for (let i = 0; ; i++) {
    const draw = next()
    const later = known.length > 0 && pick(next, known)
    const soon = known.length > 0 && pick(next, known.slice(-SHORTLY))
    let one: Known
    if (draw < 0.02) {
      yield malformed(next, i)
      continue
    } else if (draw < 0.05 && real.length > 0) one = real[played++ % real.length]!
    else if (draw < 0.12 && soon) one = soon
    else if (draw < 0.19 && later) one = later
    else if (draw < 0.26 && later) one = { subject: later.subject, doc: misspelt(next, later.doc) }
    else {
      one = draw < 0.34 && later ? nearly(next, later, i) : fresh(next, i)
      known.push(one)
    }
    yield { subject: one.subject, payload: JSON.stringify(one.doc) }
  }
}

function fresh(next: () => number, i: number): Known {
  const category = pick(next, CATEGORIES)
  // Now and then too few words for a SimHash.
  const words = Array.from({ length: next() < 0.05 ? 5 : 20 + Math.floor(next() * 180) }, () => pick(next, WORDS))
  const doc: Doc = {
    ...date(next),
    title: `Generated document ${i}`,
    body: `${words.join(' ')}.${next() < 0.2 ? ' \n' : ''}`,
    ...(next() < 0.8 && { url: `https://generated.example/${category}/${i}?id=${i}&part=1` }),
    ...(next() < 0.7 && { symbols: shuffle(next, SYMBOLS).slice(0, Math.floor(next() * 4)) }),
    ...(next() < 0.5 && { sentiment: Math.round(next() * 200 - 100) / 100, model: 'generated' }),
    ...(next() < 0.5 && { lang: 'EN' }),
    ...(next() < 0.3 && { category }),
  }
  return { subject: `alt.norm.${category}.generated-${i % 3}`, doc }
}

/** The same text with a word changed, under another address or none. */
function nearly(next: () => number, { subject, doc }: Known, i: number): Known {
  const words = doc.body.split(' ')
  words[Math.floor(next() * words.length)] = pick(next, WORDS)
  const url = next() < 0.5 ? { url: `https://copies.example/${i}` } : { url: undefined }
  return { subject, doc: { ...doc, ...date(next), ...url, body: `${words.join(' ')} (copy ${i})` } }
}

/** A time in one of the forms that sources use, now and then the first or last moment of a month. */
function date(next: () => number) {
  const [day, form, at] = [pick(next, DAYS), next(), next()]
  const offset = at < 0.1 ? 0 : at > 0.9 ? DAY_MS - 1 : Math.floor(next() * DAY_MS)
  const ms = Date.parse(day) + offset
  if (form < 0.1) return { published_at: day, ts_ms: undefined, timestamp: undefined }
  return form < 0.5 ? { timestamp: new Date(ms).toISOString(), ts_ms: undefined, published_at: undefined } : { ts_ms: ms }
}
