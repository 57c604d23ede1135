import type { Batch } from '../contract/framing.ts'
import type { BarSettings } from './bar-settings.ts'
import type { SlotState } from './slot-state.ts'
import { CONTRADICTED, CORRECTED, LATE, REPEATED, type SymbolState } from './symbol-state.ts'
import { ahead, EMPTY_MESSAGE, mismatch } from './tick-faults.ts'
import { TRADE } from './tick-fields.ts'
import { type Fault, TickParser } from './tick-parser.ts'
import { type TickSubject, TickSubjects } from './tick-subjects.ts'
import { versionOf } from './version.ts'

/** A message, or one tick of several in it, that can never count. */
export type Reject = Fault & {
  /** Index of the message in the batch. */
  readonly message: number
  /** Which of the message's ticks, from 0; absent where it holds only this one. */
  readonly line: number | undefined
  /** The tick's own bytes. */
  readonly body: Uint8Array
}

/** What a batch held. `trades` were counted in bars, `corrections` of them after their minute was final; `others` are quotes, tickers and trades of nothing. */
export type Counts = { messages: number; ticks: number; trades: number; corrections: number; duplicates: number; others: number }

/**
 * Folds batches of ticks into the states of their slots: message by message, tick by tick, in stream order. What a state holds afterwards depends on the
 * messages alone, never on where batches begin and end (docs/semantics.md, the prefix rule).
 */
export class Fold {
  readonly #slots: number
  readonly #settings: BarSettings
  readonly #parser = new TickParser()
  readonly #subjects: TickSubjects

  /** @param slots - how many slots the stream has. */
  constructor(slots: number, settings: BarSettings) {
    this.#slots = slots
    this.#subjects = new TickSubjects(slots)
    this.#settings = settings
  }

  /**
   * Takes in the messages of a batch. Of a slot that the batch does not cover, or up to where the slot stands already, it takes none.
   * @param states - the states of the slots that the batch covers; they are changed in place.
   */
  advance(states: ReadonlyMap<number, SlotState>, batch: Batch): { rejects: Reject[]; counts: Counts } {
    const { head, body, starts, seqs, times, subject } = batch
    const counts: Counts = { messages: 0, ticks: 0, trades: 0, corrections: 0, duplicates: 0, others: 0 }
    const rejects: Reject[] = []
    const after = new Float64Array(this.#slots).fill(Number.POSITIVE_INFINITY)
    for (const [slot, version] of head.slots) after[slot] = version
    const lanes = head.subjects.map((text) => this.#laneOf(text, states))
    const parser = this.#parser
    const epoch = versionOf(head.epoch, 0)

    for (let i = 0; i < head.count; i++) {
      const version = epoch + seqs[i]!
      const lane = lanes[subject[i]!]!
      if (lane.state === undefined || version <= after[lane.subject.slot]!) continue
      counts.messages++
      const end = starts[i + 1]! - 1
      const rejectsBefore = rejects.length
      let line = 0
      for (
        let at = parser.next(body, starts[i]!, end, lane.subject.symbol);
        at >= 0;
        at = parser.next(body, at, end, lane.subject.symbol)
      ) {
        const fault = parser.fault ?? this.#take(lane as Lane, version, times[i]!, counts)
        if (fault) rejects.push({ ...fault, message: i, line, body: body.slice(parser.start, at) })
        line++
      }
      if (line === 0) rejects.push({ ...EMPTY_MESSAGE, message: i, line: undefined, body: new Uint8Array(0) })
      else if (line === 1 && rejects.length > rejectsBefore) rejects.push({ ...rejects.pop()!, line: undefined })
      counts.ticks += line
    }
    return { rejects, counts }
  }

  #take(lane: Lane, version: number, brokerMs: number, counts: Counts): Fault | undefined {
    const { tick } = this.#parser
    const { symbol } = lane.subject
    const other = mismatch(tick, symbol)
    if (other) return other
    if (tick.kind !== TRADE || tick.qty === 0) {
      counts.others++
      return undefined
    }
    const early = ahead(tick, brokerMs, this.#settings.futureMs)
    if (early) return early
    const exchange = tick.exchange ?? lane.subject.exchange
    if (lane.last?.exchange !== exchange) lane.last = lane.state.symbol(exchange, symbol.text)
    const state = lane.last
    switch (state.apply(tick, version, brokerMs, this.#settings, lane.state)) {
      case LATE:
        return { code: 'LATE_TS', error: `${tick.tsMs} is beyond the horizon of ${state.watermark}` }
      case CONTRADICTED:
        return { code: 'TRADE_MISMATCH', error: 'a trade with this id and another content was counted' }
      case REPEATED:
        counts.duplicates++
        return undefined
      case CORRECTED:
        counts.corrections++
    }
    counts.trades++
    lane.state.touch(state)
    return undefined
  }

  #laneOf(
    text: string,
    states: ReadonlyMap<number, SlotState>,
  ): { subject: TickSubject; state: SlotState | undefined; last: SymbolState | undefined } {
    const subject = this.#subjects.of(text)
    return { subject, state: states.get(subject.slot), last: undefined }
  }
}

/** One subject of one batch: its slot's state, and the symbol state used last. */
type Lane = { readonly subject: TickSubject; readonly state: SlotState; last: SymbolState | undefined }
