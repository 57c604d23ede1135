import type { DeadLetters } from '../../../shared/adapters/nats/dead-letters.ts'
import { Problem } from '../../stack/problem.ts'
import { type Filter, type FilterOptions, isNarrow, parseFilter } from './filter.ts'
import { lettersOf, numbersOf, type Page, pagesOf } from './open.ts'

export type WhichOptions = FilterOptions & { readonly all?: boolean }

/** The letters that a command is to change: by number, by filter, or expressly all. */
export type Which = { readonly numbers: readonly number[]; readonly filter: Filter }

/** Reads what a command that changes letters was given. @throws {Problem} unless it says which. */
export function whichOf(command: string, texts: readonly string[], options: WhichOptions): Which {
  const filter = parseFilter(options, Date.now())
  const numbers = numbersOf(texts)
  const ways = [numbers.length > 0, isNarrow(filter), options.all === true].filter(Boolean).length
  if (ways === 0) throw new Problem(`dlq ${command}: say which: numbers, a filter, or --all`)
  if (ways > 1) throw new Problem(`dlq ${command}: numbers, a filter and --all exclude each other`)
  return { numbers, filter }
}

/** Those letters, page by page, in the order they were written. */
export async function* pagesFor(letters: DeadLetters, { numbers, filter }: Which, bodies: boolean): AsyncGenerator<Page> {
  if (numbers.length === 0) yield* pagesOf(letters, filter, bodies)
  else yield { letters: await lettersOf(letters, numbers), isAll: false }
}
