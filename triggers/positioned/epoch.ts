import type { Control } from '../../shared/adapters/nats/control.ts'
import type { StreamAccess, StreamState } from '../../shared/adapters/nats/stream.ts'
import { epochKey } from '../../shared/contract/control-keys.ts'
import type { Position } from '../../shared/domain/position.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import { begin, type Epochs, type Found, holds, judge, readOf, type Verdict } from './epochs.ts'

export type EpochAccess = {
  readonly stream: StreamAccess
  readonly control: Control
  /** A stream was re-created or rewound: somebody should know. */
  readonly alarm: (epochs: Epochs) => void
}

/** Where positions are in the stream as it is now: `reads[i]` is the version up to which messages count as read at `positions[i]`. */
export type Located = { readonly epochs: Epochs; readonly state: StreamState; readonly reads: readonly number[] }

/**
 * Checks that the stream still holds what was read at each position, and writes down a new epoch where it does not
 * (docs/semantics.md, epochs). Several processes may do so at once: one writes, the others read again.
 */
export async function locate(access: EpochAccess, positions: readonly Position[]): Promise<Located> {
  for (;;) {
    const { stream, control } = access
    const key = epochKey(stream.name)
    const [entry, state] = await Promise.all([control.get<Epochs>(key), stream.state()])
    const epochs = entry?.value ?? { entries: [{ epoch: 1, from: 1 }], created: state.created }
    const found = await Promise.all(positions.map((position) => findIn(stream, state, epochs.created, position)))
    const verdict = judge(epochs, state, found)
    if (entry && verdict.kind === 'fine') return { epochs, state, reads: found.map((one) => readOf(epochs, state, one)) }
    const next = nextOf(epochs, state, verdict)
    const written = entry ? await control.replace(key, next, entry.revision) : await control.create(key, next)
    if (written !== undefined && verdict.kind === 'begin') access.alarm(next)
  }
}

/** @throws {RetryableError} ERR_UNAVAILABLE when the stream changed under this look. */
async function findIn(stream: StreamAccess, state: StreamState, created: string, position: Position): Promise<Found> {
  const sequence = sequenceOf(position.version)
  const isThere = ({ first, last }: StreamState) => sequence >= Math.max(first, 1) && sequence <= last
  const ns = isThere(state) ? (await stream.message(sequence))?.ns : undefined
  if (ns === undefined && isThere(state)) {
    // Deleted by hand, if the stream still spans it; else purged, cut or re-created since the state was read.
    const now = await stream.state()
    if (!isThere(now) || now.created !== state.created)
      throw new RetryableError('ERR_UNAVAILABLE', 'the stream changed while it was looked at')
  }
  const found = { position, ns }
  if (position.ns === '0' || holds(found, state, created)) return found
  return { ...found, younger: await stream.sequenceAt(BigInt(position.ns) + 1n) }
}

function nextOf(epochs: Epochs, state: StreamState, verdict: Verdict): Epochs {
  if (verdict.kind === 'fine') return epochs
  const { epoch, from } = verdict
  return { entries: begin(epochs.entries, { epoch, from }), created: state.created }
}
