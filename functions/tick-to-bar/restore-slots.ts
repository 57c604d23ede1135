import type { Batch } from '../../shared/contract/framing.ts'
import type { StreamSpec } from '../../shared/contract/streams.ts'
import type { BarSettings } from '../../shared/domain/bar-settings.ts'
import { spanOf, type Trace } from '../../shared/domain/past.ts'
import { restore } from '../../shared/domain/restore.ts'
import { slotOf } from '../../shared/domain/slot.ts'
import type { SlotState } from '../../shared/domain/slot-state.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import type { BarHistory } from '../../shared/ports/bar-history.ts'

/** A slot without a position, and the version it begins at. */
type Beginning = { readonly slot: number; readonly after: number; readonly state: SlotState }

/** Symbols whose rows are read at a time. */
const AT_ONCE = 8

/**
 * Fills slots that begin behind messages which cannot be read again from what is stored of their bars. One that begins with the stream is left empty.
 * @returns how many symbols were restored.
 * @throws {RetryableError} ERR_UNAVAILABLE; the slots are then half filled, and must be loaded again.
 */
export async function restoreSlots(
  history: BarHistory,
  slots: readonly Beginning[],
  batch: Batch,
  settings: BarSettings & { readonly stream: StreamSpec },
): Promise<number> {
  const cut = slots.filter(({ after }) => sequenceOf(after) > 0)
  const work: { trace: Trace; state: SlotState }[] = []
  for (const after of new Set(cut.map((slot) => slot.after))) {
    for (const trace of await history.traces(after)) {
      const home = cut.find(({ slot, after: own }) => own === after && slot === slotOf(trace.symbol, settings.stream.slots))
      if (home) work.push({ trace, state: home.state })
    }
  }
  const brokerMs = firstMs(batch)
  for (let at = 0; at < work.length; at += AT_ONCE) {
    const some = work.slice(at, at + AT_ONCE)
    const spans = some.map(({ trace }) => spanOf(trace, brokerMs, settings))
    const rows = await Promise.all(
      some.map(({ trace: { symbol, exchange } }, i) =>
        history.rows({ symbol, exchange, fromMs: spans[i]!.fromMs, toMs: spans[i]!.heldFromMs }),
      ),
    )
    for (const [i, { trace, state }] of some.entries()) restore(state, trace, rows[i]!, spans[i]!.heldFromMs, brokerMs, settings)
  }
  return work.length
}

/** The broker's time of the first message of a batch, or a later one where it holds none. */
const firstMs = ({ head, times }: Batch): number => times[0] ?? head.nowMs ?? Math.floor(Number(head.lastNs) / 1e6)
