import type { Control } from '../../shared/adapters/nats/control.ts'
import type { StreamAccess } from '../../shared/adapters/nats/stream.ts'
import { beginKey } from '../../shared/contract/control-keys.ts'
import type { Position } from '../../shared/domain/position.ts'
import { versionOf } from '../../shared/domain/version.ts'
import type { Start } from '../start.ts'
import type { Located } from './epoch.ts'
import { epochAt } from './epochs.ts'

/** Where a function began: the place just before its first message, and the broker's time of the message there (`'0'` if none). */
type Begin = { readonly epoch: number; readonly seq: number; readonly ns: string }

/**
 * The position before a function's first message, decided when the trigger first meets the function and never again: a function that has
 * lost its position starts there, not wherever the stream happens to be. Where the stream no longer holds all that came after, the position is
 * the last message that is gone: the function learns by it that it cannot read everything again.
 */
export async function beginOf(
  { control, stream }: { readonly control: Control; readonly stream: StreamAccess },
  functionName: string,
  start: Start,
  { epochs, state }: Located,
): Promise<Position> {
  const key = beginKey(functionName, stream.name)
  let known = (await control.get<Begin>(key))?.value
  if (!known) {
    const seq = Math.min(await before(stream, start, state.last), state.last)
    const ns = seq > 0 ? ((await stream.message(seq))?.ns ?? '0') : '0'
    known = { epoch: epochAt(epochs.entries, seq), seq, ns }
    if ((await control.create(key, known)) === undefined) known = (await control.get<Begin>(key))!.value
  }
  const begin = { version: versionOf(known.epoch, known.seq), ns: known.ns }
  const gone = Math.max(0, state.first - 1)
  const lastGone = versionOf(epochAt(epochs.entries, gone), gone)
  return gone > 0 && lastGone > begin.version ? { version: lastGone, ns: '0' } : begin
}

/** The sequence before the first one that a function is to read. */
export async function before(stream: StreamAccess, start: Start, last: number): Promise<number> {
  if (start.kind === 'all') return 0
  if (start.kind === 'new') return last
  if (start.kind === 'sequence') return start.sequence - 1
  return (await stream.sequenceAt(BigInt(start.ms) * 1_000_000n)) - 1
}
