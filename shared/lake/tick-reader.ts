import type { Batch } from '../contract/framing.ts'
import type { Reject } from '../domain/messages.ts'
import { ahead, EMPTY_MESSAGE, mismatch } from '../domain/tick-faults.ts'
import { type Fault, TickParser } from '../domain/tick-parser.ts'
import { TickSubjects } from '../domain/tick-subjects.ts'
import { versionOf } from '../domain/version.ts'
import type { TickRows } from './tick-rows.ts'

/** Reads the ticks of batches into rows, message by message, tick by tick, in stream order. */
export class TickReader {
  readonly #slots: number
  readonly #futureMs: number
  readonly #parser = new TickParser()
  readonly #subjects: TickSubjects

  /** @param slots - how many slots the stream has. @param futureMs - how far a tick's time may be ahead of the broker's. */
  constructor(slots: number, futureMs: number) {
    this.#slots = slots
    this.#subjects = new TickSubjects(slots)
    this.#futureMs = futureMs
  }

  /** Adds what is behind the place of its slot. @returns what can never be a row. */
  read(batch: Batch, rows: TickRows): Reject[] {
    const { head, body, starts, seqs, times, subject } = batch
    const after = new Float64Array(this.#slots).fill(Number.POSITIVE_INFINITY)
    for (const [slot, version] of head.slots) after[slot] = version
    const subjects = head.subjects.map((text) => this.#subjects.of(text))
    const parser = this.#parser
    const base = versionOf(head.epoch, 0)
    const rejects: Reject[] = []

    for (let i = 0; i < head.count; i++) {
      const of = subjects[subject[i]!]!
      const sequence = seqs[i]!
      if (base + sequence <= after[of.slot]!) continue
      const receivedMs = times[i]!
      const end = starts[i + 1]! - 1
      const place = { epoch: head.epoch, sequence, line: 0, receivedMs }
      const refused: (Fault & { line: number; body: Uint8Array })[] = []
      for (let at = parser.next(body, starts[i]!, end, of.symbol); at >= 0; at = parser.next(body, at, end, of.symbol)) {
        const fault = parser.fault ?? mismatch(parser.tick, of.symbol) ?? ahead(parser.tick, receivedMs, this.#futureMs)
        if (fault) refused.push({ ...fault, line: place.line, body: body.slice(parser.start, at) })
        else rows.add(parser.tick, parser.tick.exchange ?? of.exchange, of.symbol.text, place)
        place.line++
      }
      if (place.line === 0) refused.push({ ...EMPTY_MESSAGE, line: 0, body: new Uint8Array(0) })
      for (const { line, ...reject } of refused)
        rejects.push({
          ...reject,
          stream: head.stream,
          version: base + sequence,
          sequence,
          // Where it is all there is, the message itself is what is refused.
          line: place.line > 1 ? line : undefined,
          subject: head.subjects[subject[i]!]!,
          attempts: 1,
          timeMs: receivedMs,
          headers: head.headers?.[i],
        })
    }
    return rejects
  }
}
