import type { BatchHead } from '../../shared/contract/batch.ts'
import { toRuns, toStepRuns } from '../../shared/contract/framing.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import { versionOf } from '../../shared/domain/version.ts'

/** A message of the tick stream: its text may hold several ticks. */
export type TickMessage = { readonly seq: number; readonly subject: string; readonly text: string; readonly brokerMs: number }

const START_MS = Date.parse('2026-11-20T12:00:00Z')

/** Trades of one symbol, one each millisecond. */
export const plainTrades = (from: number, to: number): TickMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => {
    const seq = from + i
    const tick = { timestamp: START_MS + seq, symbol: 'BTCUSDT', price: 100, qty: 1, side: 'buy', trade_id: seq }
    return { seq, subject: 'ticks.binance.BTCUSDT', text: JSON.stringify(tick), brokerMs: tick.timestamp + 5 }
  })

type Options = Partial<BatchHead> & { readonly after?: number; readonly begin?: boolean }

/** The body of a batch of tick messages, epoch 1, for all slots: from `after` (default: just before the first message) to `last`. */
export function tickBatch(messages: readonly TickMessage[], { after, begin, ...head }: Options = {}): Uint8Array {
  const before = after ?? (messages[0]?.seq ?? 1) - 1
  const subjects = [...new Set(messages.map(({ subject }) => subject))]
  const index = new Map(subjects.map((subject, i) => [subject, i]))
  const last = head.last ?? messages.at(-1)?.seq ?? before
  const full: BatchHead = {
    stream: STREAMS.MARKET_TICKS.name,
    epoch: 1,
    slots: Array.from({ length: STREAMS.MARKET_TICKS.slots }, (_, slot) => [slot, versionOf(1, before), (begin ?? before === 0) ? 1 : 0]),
    last,
    lastNs: `${last}`,
    count: messages.length,
    seqs: toStepRuns(messages.map(({ seq }) => seq)),
    times: toStepRuns(messages.map(({ brokerMs }) => brokerMs)),
    subjects,
    subject: toRuns(messages.map(({ subject }) => index.get(subject)!)),
    ...head,
  }
  return new TextEncoder().encode(`${[JSON.stringify(full), ...messages.map(({ text }) => text.replaceAll('\n', ' '))].join('\n')}\n`)
}
