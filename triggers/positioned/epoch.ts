import type { Control } from '../../shared/adapters/nats/control.ts'
import type { StreamAccess, StreamState } from '../../shared/adapters/nats/stream.ts'
import type { Position } from '../../shared/domain/position.ts'
import { sequenceOf } from '../../shared/domain/version.ts'
import { begin, type Epochs, type Found, judge, readOf, type Verdict } from './epochs.ts'

export type EpochAccess = {
  readonly stream: StreamAccess
  readonly control: Control
  /** A stream was re-created or rewound: somebody should know. */
  readonly alarm: (epochs: Epochs) => void
}

/** Where positions are in the stream as it is now: `reads[i]` is the version up to which messages count as read at `positions[i]`. */
export type Located = { readonly epochs: Epochs; readonly state: StreamState; readonly reads: readonly number[] }

const keyOf = (stream: string): string => `epoch.${stream}`

/**
 * Checks that the stream still holds what was read at each position, and writes down a new epoch where it does not
 * (docs/semantics.md, epochs). Several processes may do so at once: one writes, the others read again.
 */
export async function locate(access: EpochAccess, positions: readonly Position[]): Promise<Located> {
  for (;;) {
    const { stream, control } = access
    const [entry, state] = await Promise.all([control.get<Epochs>(keyOf(stream.name)), stream.state()])
    const found = await Promise.all(positions.map((position) => findIn(stream, state, position)))
    const epochs = entry?.value ?? { entries: [{ epoch: 1, from: 1 }], created: state.created }
    const verdict = judge(epochs, state, found)
    if (entry && verdict.kind === 'fine') return { epochs, state, reads: found.map((one) => readOf(epochs, state, one)) }
    const next = await nextOf(stream, epochs, state, verdict)
    const written = entry ? await control.replace(keyOf(stream.name), next, entry.revision) : await control.create(keyOf(stream.name), next)
    if (written !== undefined && verdict.kind === 'begin') access.alarm(next)
  }
}

async function findIn(stream: StreamAccess, state: StreamState, position: Position): Promise<Found> {
  const sequence = sequenceOf(position.version)
  const isThere = sequence >= Math.max(state.first, 1) && sequence <= state.last
  return { position, ns: isThere ? (await stream.message(sequence))?.ns : undefined }
}

async function nextOf(stream: StreamAccess, epochs: Epochs, state: StreamState, verdict: Verdict): Promise<Epochs> {
  if (verdict.kind === 'fine') return epochs
  if (verdict.kind === 'learn') return verdict.epochs
  const from = await stream.sequenceAt(verdict.afterNs + 1n)
  return { entries: begin(epochs.entries, { epoch: verdict.epoch, from }), created: state.created }
}
