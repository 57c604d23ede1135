import type { Bar } from '../../shared/contract/bar.ts'
import type { BatchHead } from '../../shared/contract/batch.ts'
import { toRuns, toStepRuns } from '../../shared/contract/framing.ts'
import { barSubject } from '../../shared/contract/subjects.ts'
import { versionOf } from '../../shared/domain/version.ts'

type Message = { readonly subject: string; readonly text: string }

/** A bar as tick-to-bar publishes it. */
export const barMessage = (bar: Bar): Message => ({ subject: barSubject(bar.interval, bar.symbol), text: JSON.stringify(bar) })

/** The body of a batch on stream BARS, epoch 1, of all four slots: messages at the sequences after `after`, up to `last`. */
export function barBatch(
  messages: readonly Message[],
  { after = 0, last = after + messages.length, begin = after === 0, ...head }: Options = {},
) {
  const subjects = [...new Set(messages.map(({ subject }) => subject))]
  const full: BatchHead = {
    stream: 'BARS',
    epoch: 1,
    slots: [0, 1, 2, 3].map((slot) => [slot, versionOf(1, after), begin ? 1 : 0]),
    last,
    lastNs: `${1_697_292_000_000_000_000n + BigInt(last)}`,
    count: messages.length,
    seqs: toStepRuns(messages.map((_, i) => after + 1 + i)),
    times: toStepRuns(messages.map(() => 1_697_292_060_123)),
    subjects,
    subject: toRuns(messages.map(({ subject }) => subjects.indexOf(subject))),
    ...head,
  }
  return `${[JSON.stringify(full), ...messages.map(({ text }) => text)].join('\n')}\n`
}

type Options = Partial<Omit<BatchHead, 'last'>> & { readonly after?: number; readonly last?: number; readonly begin?: boolean }
