import { MOST_CAUSE } from '../outcome.ts'
import type { Outcome } from './step.ts'

/** What is said of a message that had no failure of its own in a call that others of it failed in. */
const HELD_BACK = 'held back by one of its key'

/** What a call came to for each message that comes again after it: for a person, who finds it in the message's dead letter. */
export function lastOf(outcome: Outcome): (index: number) => string {
  if (outcome.kind === 'done') return () => ''
  if (outcome.kind !== 'partly') return () => outcome.cause
  const failures = new Map(outcome.failures.map((failure) => [failure.index, failure]))
  return (index) => {
    const { code, error } = failures.get(index) ?? { error: HELD_BACK }
    return [code, error].filter(Boolean).join(' ').slice(0, MOST_CAUSE)
  }
}
