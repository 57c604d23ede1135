import { pick } from '../../chaos/random.ts'

/** The path and query of a search. */
export type Ask = string
/** Gives one answer of the gateway; some searches begin where an earlier one ended. */
export type Answer = (ask: Ask) => Promise<{ readonly next?: string | null; readonly documents?: readonly { readonly id: string }[] }>

const DAY_MS = 86_400_000

/** Kinds of searches as people make them: each gives another one each time, of words and names that are there. What comes before it is not measured. */
export function kindsOf(next: () => number, samples: readonly (readonly string[])[], answer: Answer): Record<string, () => Promise<Ask>> {
  const search = (params: Record<string, string>): Ask => `/alt/search?${new URLSearchParams(params)}`
  /** Words that follow one another in a document; an often used one comes as often as documents have it. */
  const words = (count: number): string => {
    const document = pick(next, samples)
    const from = Math.floor(next() * (document.length - count))
    return document.slice(from, from + count).join(' ')
  }
  const symbol = () => `GEN${Math.floor(next() ** 4 * 60)}`
  const week = () => {
    const from = Date.now() - next() * 20 * DAY_MS
    return { from: String(Math.round(from)), to: String(Math.round(from + 7 * DAY_MS)) }
  }
  const someId = async (): Promise<string> => {
    const { documents = [] } = await answer(search({ q: words(1), size: '20' }))
    return documents.length > 0 ? pick(next, documents).id : someId()
  }
  const secondPage = async (): Promise<Ask> => {
    const { next: found } = await answer(search({ q: words(1) }))
    return found ? `/alt/search${found}` : secondPage()
  }
  return {
    'one word': async () => search({ q: words(1) }),
    'two words': async () => search({ q: words(2) }),
    'a phrase of three': async () => search({ q: `"${words(3)}"` }),
    'a word with filters': async () => search({ q: words(1), symbols: symbol(), category: 'news', ...week() }),
    'a word, newest first, no near-duplicates': async () => search({ q: words(1), sort: 'newest', duplicates: 'hide' }),
    'the beginning of a word': async () => search({ q: `${words(1).slice(0, 4)}*` }),
    'newest of a symbol': async () => search({ symbols: symbol() }),
    'newest of all': async () => search({ size: '50' }),
    'second page': secondPage,
    'documents like one': async () => `/alt/search/${await someId()}/like`,
    'one document': async () => `/alt/search/${await someId()}`,
  }
}
