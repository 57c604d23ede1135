import { restoreSlots } from '../../functions/tick-to-bar/restore-slots.ts'
import type { Bar } from '../../shared/contract/bar.ts'
import { parseBatch } from '../../shared/contract/framing.ts'
import { STREAMS } from '../../shared/contract/streams.ts'
import type { BarSettings } from '../../shared/domain/bar-settings.ts'
import { Fold } from '../../shared/domain/fold.ts'
import { SlotState } from '../../shared/domain/slot-state.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { BarHistory } from '../../shared/ports/bar-history.ts'
import { type TickMessage, tickBatch } from './tick-batch.ts'

export const settings: BarSettings = { graceMs: 2_000, horizonMs: 600_000, idleMs: 60_000, futureMs: 5_000 }

const { slots } = STREAMS.MARKET_TICKS

/** Folds messages batch by batch into stored fields, as the function does, but with the store's part played by plain maps. */
export class FoldRunner {
  readonly fields = Array.from({ length: slots }, () => new Map<string, Uint8Array>())
  /** Every bar handed on, in order. */
  readonly closed: Bar[] = []
  readonly rejects: { seq: number; line: number | undefined; code: string }[] = []
  readonly #fold = new Fold(slots, settings)
  #states = this.#load()
  #last: number

  /** @param last - the message it stands at: those before it are gone. */
  constructor(last = 0) {
    this.#last = last
  }

  /** Begins from what is stored of bars, as the function does before its first batch. */
  async restore(history: BarHistory, first: TickMessage): Promise<void> {
    const after = versionOf(1, this.#last)
    const slotsHere = [...this.#states].map(([slot, state]) => ({ slot, after, state }))
    await restoreSlots(history, slotsHere, parseBatch(tickBatch([first])), { ...settings, stream: STREAMS.MARKET_TICKS })
  }

  /** Takes in messages (all later than those before) as one batch. @param commit - false: it is lost, as if the store had refused it. */
  batch(messages: readonly TickMessage[], { commit = true, nowMs }: { commit?: boolean; nowMs?: number } = {}): void {
    const body = tickBatch(messages, { after: this.#last, ...(nowMs === undefined ? {} : { nowMs }) })
    const { rejects } = this.#fold.advance(this.#states, parseBatch(body))
    const changes = [...this.#states.values()].map((state) =>
      state.takeChanges(settings, nowMs, versionOf(1, messages.at(-1)?.seq ?? this.#last)),
    )
    if (!commit) {
      this.reload()
      return
    }
    for (const [slot, { puts, deletes, closed }] of changes.entries()) {
      for (const name of deletes) this.fields[slot]!.delete(name)
      for (const [name, value] of puts) this.fields[slot]!.set(name, value)
      this.closed.push(...closed)
    }
    for (const { message, line, code } of rejects) this.rejects.push({ seq: messages[message]!.seq, line, code })
    this.#last = messages.at(-1)?.seq ?? this.#last
  }

  /** Forgets what is in memory. */
  reload(): void {
    this.#states = this.#load()
  }

  /** The greatest version of every bar handed on, by name. */
  greatest(): Map<string, Bar> {
    const bars = new Map<string, Bar>()
    for (const bar of this.closed) {
      const known = bars.get(nameOf(bar))
      if (known === undefined || known.version <= bar.version) bars.set(nameOf(bar), bar)
    }
    return bars
  }

  #load(): Map<number, SlotState> {
    return new Map(this.fields.map((fields, slot) => [slot, SlotState.load(fields, settings)]))
  }
}

/** What a bar is known by. */
export const nameOf = ({ exchange, symbol, interval, timestamp }: Bar): string => `${exchange} ${symbol} ${interval} ${timestamp}`
