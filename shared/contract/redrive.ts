import { type FoundLetter, REDRIVEN } from './found-letter.ts'
import type { Header } from './header-block.ts'

/** A refused message as it goes out again: a new message of its stream. */
export type Redriven = {
  readonly subject: string
  readonly headers: readonly Header[]
  readonly msgId: string
  readonly payload: Uint8Array
}

/** Headers that spoke to the broker about the first publish (a repeat, an expected sequence, a batch, a rollup), and what an earlier redrive added. */
const OF_THE_FIRST_TIME = /^(Nats|Dlq)-/

/**
 * Makes the message that brings a refused one back: its bytes, its own headers and `Dlq-Redriven`, to its own subject.
 * The id is the letter's, which names function, version and line: a letter redriven twice, or written twice, gives one id.
 * @returns a text that says why, where the letter does not say enough.
 */
export function toRedriven(letter: FoundLetter): Redriven | string {
  const { subject, headers, redriven, functionName, msgId = `${functionName}:letter.${letter.sequence}` } = letter
  if (subject === undefined) return 'it does not say which subject its message had'
  if (headers === undefined) return 'the headers of its message cannot be read'
  const own = headers.filter(([name]) => !OF_THE_FIRST_TIME.test(name))
  return {
    subject,
    headers: [...own, [REDRIVEN, `${redriven + 1}`], ['Dlq-Function', functionName]],
    msgId: `redriven:${msgId}`,
    payload: letter.body,
  }
}
