import { lineOf, parseBatch } from '../../../../shared/contract/framing.ts'
import { symbolOf } from '../../../../shared/contract/subjects.ts'
import { fence } from '../../../../shared/domain/position.ts'
import { slotOf } from '../../../../shared/domain/slot.ts'
import { versionOf } from '../../../../shared/domain/version.ts'
import type { Outcome } from '../../../../triggers/outcome.ts'
import { type EpochEntry, epochAt } from '../../../../triggers/positioned/epochs.ts'
import type { Lane } from '../../../../triggers/positioned/lane.ts'
import { markOf } from '../../../../triggers/positioned/mark.ts'
import { Sorter } from '../../../../triggers/positioned/sorter.ts'
import type { Call } from '../../../../triggers/positioned/step.ts'

export const SLOTS = 4

/** A message of the stream: `payload` may hold newlines; `poison` messages are refused for good. */
export type Stored = { readonly sequence: number; readonly subject: string; readonly payload: string; readonly poison: boolean }

export const nsAt = (sequence: number): string => `${1_700_000_000_000 + sequence}${String(sequence).padStart(6, '0')}`
export const slotOfMessage = ({ subject }: Stored): number => slotOf(symbolOf(subject), SLOTS)

/** A function with effects and positions in one atomic step, which can fall back to an earlier state. */
export class FencedFunction {
  readonly slots = Array.from({ length: SLOTS }, (_, slot) => slot)
  state = new Map<number, { version: number; ns: string; applied: string[] }>()
  readonly #history: (typeof this.state)[] = []

  /** Applies a call as a function does; `poisoned` says which lines it refuses the batch for. */
  call({ head, lines }: Call, poisoned: (line: string) => boolean): Outcome {
    const body = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), lines])
    const batch = parseBatch(body)
    const texts = Array.from({ length: head.count }, (_, i) => Buffer.from(lineOf(batch, i)).toString())
    if (texts.some(poisoned)) return { kind: 'refused', patience: 1, cause: '400: poison' }
    const last = { version: versionOf(head.epoch, head.last), ns: head.lastNs }
    const stored = head.slots.map(([slot]) => this.position(slot))
    const verdict = fence(stored, head.slots.map(([, after]) => after), head.slots.map(([, , begin]) => begin === 1), last) // biome-ignore format: one call
    if (verdict === 'conflict')
      return { kind: 'seek', positions: Object.fromEntries(head.slots.map(([slot]) => [slot, this.position(slot)])) }
    if (verdict === 'apply') {
      this.#history.push(new Map([...this.state].map(([slot, one]) => [slot, { ...one, applied: [...one.applied] }])))
      for (const [slot] of head.slots) this.state.set(slot, { applied: [], ...this.state.get(slot), ...last })
      texts.forEach((text, i) => {
        const slot = slotOf(symbolOf(head.subjects[batch.subject[i]!]!), SLOTS)
        this.state.get(slot)!.applied.push(`${batch.seqs[i]}/${batch.times[i]}/${text}`)
      })
    }
    return { kind: 'settled', rejected: 0 }
  }

  position(slot: number) {
    const one = this.state.get(slot)
    return one ? { version: one.version, ns: one.ns } : null
  }

  /** Loses the last commits, effects and positions together. */
  fallBack(commits: number): void {
    for (let i = 0; i < commits && this.#history.length > 0; i++) this.state = this.#history.pop()!
  }
}

/** Shows a stream to lanes as a reader does, from the least of their places on. */
export class Shower {
  readonly #stream: readonly Stored[]
  readonly #entries: readonly EpochEntry[]
  readonly #sorter = new Sorter(SLOTS)
  #at = 0

  constructor(stream: readonly Stored[], entries: readonly EpochEntry[]) {
    this.#stream = stream
    this.#entries = entries
  }

  /** Places those that wait where the function stands, and begins to read anew. */
  place(lanes: readonly Lane[], target: FencedFunction): void {
    for (const lane of lanes) {
      if (lane.isPlaced) continue
      const places = lane.slots.map((slot) => {
        const position = target.position(slot)
        const version = position?.version ?? versionOf(this.#entries[0]!.epoch, 0)
        return { slot, after: version, begin: position === null, read: version, ns: position?.ns ?? '0' }
      })
      const least = places.reduce((a, b) => (b.read < a.read ? b : a))
      lane.place(places, markOf(least.read, least.ns))
    }
    const least = Math.min(...lanes.map((lane) => lane.seen.version))
    this.#at = this.#stream.findIndex(({ sequence }) => this.version(sequence) > least)
    if (this.#at < 0) this.#at = this.#stream.length
    this.#sorter.begin(this.#entries, lanes)
  }

  get isAtHead(): boolean {
    return this.#at === this.#stream.length
  }

  version(sequence: number): number {
    return versionOf(epochAt(this.#entries, sequence), sequence)
  }

  /** Shows the next messages. */
  show(count: number, nowMs: number): void {
    for (const { sequence, subject, payload } of this.#stream.slice(this.#at, this.#at + count)) {
      const bytes = Buffer.from(`${subject} ${payload}\r\n`)
      const subjectEnd = subject.length
      const ns = nsAt(sequence)
      const payloadStart = subjectEnd + 1
      const place = {
        subjectStart: 0,
        subjectEnd,
        subjectHash: subject.length,
        headerStart: payloadStart,
        payloadStart,
        payloadEnd: bytes.length - 2,
      }
      this.#sorter.take({ bytes, ...place, sequence, ms: Number(ns.slice(0, -6)), subNs: Number(ns.slice(-6)), pending: 0 }, nowMs)
    }
    this.#at = Math.min(this.#at + count, this.#stream.length)
    this.#sorter.drained()
  }
}
