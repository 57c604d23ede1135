import type { DeadLetters } from '../../../shared/adapters/nats/dead-letters.ts'
import { natsResend, type Sent } from '../../../shared/adapters/nats/resend.ts'
import type { FoundLetter } from '../../../shared/contract/found-letter.ts'
import { type Redriven, toRedriven } from '../../../shared/contract/redrive.ts'
import { RetryableError } from '../../../shared/runtime/errors.ts'
import { bringBack } from './instants.ts'
import { withDeadLetters } from './open.ts'
import { pagesFor, type WhichOptions, whichOf } from './which.ts'

type Send = (messages: readonly Redriven[]) => Promise<Sent[]>
type BringBack = (instants: readonly FoundLetter[]) => Promise<Sent[]>
type Tally = { redriven: number; known: number; readonly kept: { readonly sequence: number; readonly reason: string }[] }

/**
 * Brings refused messages back to their subjects, the oldest first. A letter goes only after its message is acknowledged: killed in between,
 * the next redrive sends it again under the same id. @returns 1 when some stay.
 */
export async function redrive(numbers: string[], options: WhichOptions & { json?: boolean }): Promise<number> {
  const which = whichOf('redrive', numbers, options)
  return withDeadLetters(async (letters, connection) => {
    const send = natsResend(connection)
    const back: BringBack = (instants) => bringBack(connection, instants)
    const tally: Tally = { redriven: 0, known: 0, kept: [] }
    for await (const page of pagesFor(letters, which, true)) {
      const isAll = page.isAll && tally.kept.length === 0
      await redrivePage(page.letters, { letters, send, back, tally, functions: isAll ? which.filter.functions : undefined })
    }
    if (options.json) console.log(JSON.stringify(tally))
    else for (const line of linesOf(tally)) console.log(line)
    return tally.kept.length > 0 ? 1 : 0
  })
}

type Deps = {
  readonly letters: DeadLetters
  readonly send: Send
  readonly back: BringBack
  readonly tally: Tally
  /** Given where every letter of these functions up to this page's last one is redriven: they can then go at once. */
  readonly functions: readonly string[] | undefined
}

async function redrivePage(page: readonly FoundLetter[], { letters, send, back, tally, functions }: Deps): Promise<void> {
  const made = page.map((letter) => ({ letter, message: letter.instant === undefined ? toRedriven(letter) : undefined }))
  const instants = page.filter(({ instant }) => instant !== undefined)
  const ready = made.flatMap(({ letter, message }) => (typeof message === 'object' ? [{ letter, message }] : []))
  const sent = [...(await send(ready.map(({ message }) => message))), ...(await back(instants))]
  const outcomes = new Map([...ready.map(({ letter }) => letter), ...instants].map(({ sequence }, i) => [sequence, sent[i]!]))
  const gone: number[] = []
  for (const { letter, message } of made) {
    const { sequence } = letter
    const outcome = typeof message === 'string' ? ({ kind: 'refused', reason: message } as const) : outcomes.get(sequence)!
    if (outcome.kind === 'refused') tally.kept.push({ sequence, reason: outcome.reason })
    else if (outcome.kind !== 'unanswered') gone.push(sequence)
    if (outcome.kind === 'known') tally.known++
  }
  if (functions && gone.length === page.length) await letters.removeUpTo(gone.at(-1)!, functions)
  else await letters.remove(gone)
  tally.redriven += gone.length
  const unanswered = sent.find(({ kind }) => kind === 'unanswered')
  if (unanswered?.kind !== 'unanswered') return
  const done = `${tally.redriven.toLocaleString('en')} were redriven`
  throw new RetryableError(
    'ERR_UNAVAILABLE',
    `NATS did not acknowledge a message (${unanswered.reason}); ${done}, do it again for the rest`,
  )
}

function linesOf({ redriven, known, kept }: Tally): string[] {
  const again = known > 0 ? `, of which their streams had ${known.toLocaleString('en')} already` : ''
  const reasons = [...Map.groupBy(kept, ({ reason }) => reason)].map(([reason, all]) => {
    const numbers = all.slice(0, 5).map(({ sequence }) => sequence)
    return `${all.length.toLocaleString('en')} stay (${numbers.join(', ')}${all.length > numbers.length ? ', …' : ''}): ${reason}`
  })
  return [`redriven ${redriven.toLocaleString('en')}${again}`, ...reasons]
}
