import type { Bar } from '../../../shared/contract/bar.ts'
import { parseBatch } from '../../../shared/contract/framing.ts'
import { toBar } from '../../../shared/domain/bar-codec.ts'
import type { BarSettings } from '../../../shared/domain/bar-settings.ts'
import { Fold } from '../../../shared/domain/fold.ts'
import { SlotState } from '../../../shared/domain/slot-state.ts'
import { epochOf, sequenceOf } from '../../../shared/domain/version.ts'
import { barKey, type Carried, rejectKey } from './ledger.ts'

/** What a run without faults makes of messages: every edition of every bar, by version, and the code of every reject, by {@link rejectKey}. */
type Truth = { readonly bars: Map<string, Map<number, Bar>>; readonly rejects: Map<string, string> }

const encoder = new TextEncoder()

/** Folds the messages of one slot, one by one and in order, in one process that never dies, and looks at every bar after every message. */
export function truthOf(slot: number, slots: number, messages: readonly Carried[], settings: BarSettings): Truth {
  const fold = new Fold(slots, settings)
  const state = new SlotState()
  const truth: Truth = { bars: new Map(), rejects: new Map() }
  const note = (bar: Bar) => {
    const versions = truth.bars.get(barKey(bar)) ?? new Map<number, Bar>()
    truth.bars.set(barKey(bar), versions.set(bar.version, bar))
  }
  let after = 0
  for (const message of messages) {
    const { rejects } = fold.advance(new Map([[slot, state]]), batchOf(slot, after, message))
    after = message.version
    for (const { line, code } of rejects)
      truth.rejects.set(rejectKey(`tick-to-bar:${message.version}${line === undefined ? '' : `.${line}`}`, message.ms), code)
    for (const bar of state.takeChanges(settings).closed) note(bar)
    for (const symbol of state.symbols.values()) {
      const minutes = symbol.minutes()
      for (const minute of minutes) note(toBar(minute, '1m', minute.start, symbol.exchange, symbol.symbol, true))
      for (const bars of symbol.larger)
        for (const [start, sums] of bars.whole(minutes)) note(toBar(sums, bars.interval, start, symbol.exchange, symbol.symbol, true))
    }
  }
  return truth
}

/** A batch of one message. */
function batchOf(slot: number, after: number, { version, subject, text, ms }: Carried) {
  const head = {
    stream: 'oracle',
    epoch: epochOf(version),
    slots: [[slot, after, 0]],
    last: sequenceOf(version),
    lastNs: '0',
    count: 1,
    seqs: [sequenceOf(version), 1],
    times: [ms, 1],
    subjects: [subject],
    subject: [0, 1],
  }
  return parseBatch(encoder.encode(`${JSON.stringify(head)}\n${text}\n`))
}
