import { versionOf } from '../../shared/domain/version.ts'
import { headerBlock } from '../header-block.ts'
import { type EpochEntry, epochAt, nextBorder } from './epochs.ts'
import type { Lane } from './lane.ts'
import { Subjects } from './subjects.ts'

/** A message where it lies in a buffer: the part of a reader's message that sorting needs. */
type RawMessage = {
  readonly bytes: Buffer
  readonly subjectStart: number
  readonly subjectEnd: number
  readonly subjectHash: number
  readonly sequence: number
  readonly ms: number
  readonly subNs: number
  readonly pending: number
  readonly headerStart: number
  readonly payloadStart: number
  readonly payloadEnd: number
}

/** Gives the messages of one reading to the lanes whose slots they belong to, under the versions of their epochs. */
export class Sorter {
  readonly #subjects: Subjects
  readonly #laneOf: (Lane | undefined)[]
  #lanes: readonly Lane[] = []
  #entries: readonly EpochEntry[] = []
  #base = 0
  #border = 0
  #version = 0
  #ms = 0
  #subNs = 0
  #pending = 0

  constructor(slots: number) {
    this.#subjects = new Subjects(slots)
    this.#laneOf = new Array(slots).fill(undefined)
  }

  /** A reading begins: what follows is in stream order, from wherever the lanes stand or before. */
  begin(entries: readonly EpochEntry[], lanes: readonly Lane[]): void {
    this.#entries = entries
    this.#border = 0
    this.#version = 0
    this.give(lanes)
  }

  /** Other lanes from now on. */
  give(lanes: readonly Lane[]): void {
    this.#lanes = lanes
    this.#laneOf.fill(undefined)
    for (const lane of lanes) for (const slot of lane.slots) this.#laneOf[slot] = lane
  }

  take(message: RawMessage, nowMs: number): void {
    const { sequence, bytes, ms, subNs } = message
    if (sequence >= this.#border) {
      this.#base = versionOf(epochAt(this.#entries, sequence), 0)
      this.#border = nextBorder(this.#entries, sequence)
    }
    const version = this.#base + sequence
    const subject = this.#subjects.find(bytes, message.subjectStart, message.subjectEnd, message.subjectHash)
    const lane = this.#laneOf[subject.slot]
    if (lane) {
      lane.push(nowMs, subject, version, ms, subNs, bytes, message.payloadStart, message.payloadEnd, headerBlock(message))
    }
    this.#version = version
    this.#ms = ms
    this.#subNs = subNs
    this.#pending = message.pending
  }

  /** Tells every lane how far the stream was shown. */
  drained(): void {
    if (this.#version === 0) return
    for (const lane of this.#lanes) lane.pass(this.#version, this.#ms, this.#subNs, this.#pending)
  }
}
