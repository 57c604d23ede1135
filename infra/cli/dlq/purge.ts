import type { DeadLetters } from '../../../shared/adapters/nats/dead-letters.ts'
import { confirmed } from '../confirm.ts'
import { isByFunction } from './filter.ts'
import { withDeadLetters } from './open.ts'
import { pagesFor, type Which, type WhichOptions, whichOf } from './which.ts'

/** Removed at once, so that the server's queue stays short. */
const AT_ONCE = 500

/** Deletes letters for ever, after asking. @returns 1 when the answer was no. */
export async function purge(numbers: string[], options: WhichOptions & { yes?: boolean; json?: boolean }): Promise<number> {
  const which = whichOf('purge', numbers, options)
  return withDeadLetters(async (letters) => {
    const { count, remove } = await found(letters, which)
    const words = `${count.toLocaleString('en')} dead letters`
    if (count > 0 && !options.yes && !(await confirmed('dlq purge', `Delete ${words} for ever? [y/N] `))) {
      console.log('nothing was deleted')
      return 1
    }
    if (count > 0) await remove()
    console.log(options.json ? JSON.stringify({ purged: count }) : `deleted ${words}`)
    return 0
  })
}

/** How many there are, and how they go: those that are counted, and none that is written afterwards. */
async function found(letters: DeadLetters, which: Which): Promise<{ count: number; remove: () => Promise<void> }> {
  const { functions } = which.filter
  if (which.numbers.length === 0 && isByFunction(which.filter)) {
    const { counts, last } = await letters.state()
    const count = [...counts].reduce((sum, [name, own]) => sum + (functions.length === 0 || functions.includes(name) ? own : 0), 0)
    return { count, remove: () => letters.removeUpTo(last, functions) }
  }
  const sequences: number[] = []
  for await (const page of pagesFor(letters, which, false)) for (const { sequence } of page.letters) sequences.push(sequence)
  const remove = async () => {
    for (let at = 0; at < sequences.length; at += AT_ONCE) await letters.remove(sequences.slice(at, at + AT_ONCE))
  }
  return { count: sequences.length, remove }
}
