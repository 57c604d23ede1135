import type { NatsConnection } from '@nats-io/transport-node'
import { connectNatsOnce } from '../../../shared/adapters/nats/connect.ts'
import { type DeadLetters, natsDeadLetters } from '../../../shared/adapters/nats/dead-letters.ts'
import type { FoundLetter } from '../../../shared/contract/found-letter.ts'
import { Problem } from '../../stack/problem.ts'
import { readSettings } from '../../stack/settings.ts'
import { wholeNumber } from '../option.ts'
import { type Filter, takes } from './filter.ts'

/** How long the server may take to answer. */
const CONNECT_MS = 3000

/** Opens the dead letters of the stack, or of the server at NATS_URL, for as long as `use` lasts. */
export async function withDeadLetters<T>(use: (letters: DeadLetters, connection: NatsConnection) => Promise<T>): Promise<T> {
  const { NATS_URL } = readSettings().urls
  const connection = await connectNatsOnce({ NATS_URL }, 'dlq', CONNECT_MS)
  try {
    return await use(natsDeadLetters(connection), connection)
  } finally {
    await connection.close()
  }
}

/** The numbers of letters that a command was given. @throws {Problem} */
export const numbersOf = (texts: readonly string[]): number[] => texts.map((text) => wholeNumber('the number of a dead letter', text))

/** A page of letters that a filter takes. `isAll`: it takes every letter that was read so far, this page's included. */
export type Page = { readonly letters: readonly FoundLetter[]; readonly isAll: boolean }

/** Reads the letters that a filter takes, in their order. */
export async function* pagesOf(letters: DeadLetters, filter: Filter, bodies: boolean): AsyncGenerator<Page> {
  const { functions, sinceMs } = filter
  let isAll = sinceMs === undefined
  let left = filter.limit
  for await (const page of letters.read({ functions, sinceMs, bodies })) {
    const taken = page.filter((letter) => takes(filter, letter)).slice(0, left)
    left -= taken.length
    isAll &&= taken.length === page.length
    if (taken.length > 0) yield { letters: taken, isAll }
    if (left === 0) return
  }
}

/** The letters of these numbers, in the order they were written. @throws {Problem} naming those that are not there. */
export async function lettersOf(letters: DeadLetters, numbers: readonly number[]): Promise<FoundLetter[]> {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const found = await Promise.all(sorted.map((number) => letters.letter(number)))
  const missing = sorted.filter((_, i) => found[i] === undefined)
  if (missing.length > 0) throw new Problem(`there is no dead letter ${missing.join(', ')}`)
  return found.filter((letter) => letter !== undefined)
}
