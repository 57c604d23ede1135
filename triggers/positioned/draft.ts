import type { BatchHead } from '../../shared/contract/batch.ts'
import { toRuns, toStepRuns } from '../../shared/contract/framing.ts'
import { epochOf, sequenceOf, versionOf } from '../../shared/domain/version.ts'
import { type Mark, nsOfMark } from './mark.ts'
import type { Subject } from './subjects.ts'

const FIRST_BYTES = 64 * 1024
const NEWLINE = 10
const SPACE = 32

/**
 * Messages of one lane and one epoch in stream order, framed as they come (shared/contract/framing.ts): one batch once it is sealed.
 * Columns and body are kept for reuse, since a busy lane fills a hundred a second.
 */
export class Draft {
  readonly most: number
  count = 0
  sizeBytes = 0
  epoch = 0
  /** Where the lane stands after this batch; set by {@link seal}. */
  last: Mark | undefined
  /** The broker's time now, for a quiet batch. */
  nowMs: number | undefined
  /** Broken off from a batch that failed for good: the message at fault is sought. */
  isPart = false
  #body: Buffer
  readonly #starts: Uint32Array
  readonly #seqs: Float64Array
  readonly #times: Float64Array
  readonly #subNs: Uint32Array
  /** The subjects in the order they came, and which of them each message has. */
  #subjects: Subject[] = []
  readonly #subjectAt: Uint32Array
  readonly #known = new Map<Subject, number>()
  #headers: Record<string, string> | undefined

  constructor(most: number, firstBytes = FIRST_BYTES) {
    this.most = most
    this.#body = Buffer.allocUnsafeSlow(firstBytes)
    this.#starts = new Uint32Array(most + 1)
    this.#seqs = new Float64Array(most)
    this.#times = new Float64Array(most)
    this.#subNs = new Uint32Array(most)
    this.#subjectAt = new Uint32Array(most)
  }

  /** Empties it for other messages. */
  reset(): void {
    this.count = 0
    this.sizeBytes = 0
    this.last = undefined
    this.nowMs = undefined
    this.isPart = false
    this.#headers = undefined
    this.#subjects = []
    this.#known.clear()
  }

  /** Takes a message whose payload is `bytes[start .. end)`. A newline in it becomes a space. */
  append(subject: Subject, version: number, ms: number, subNs: number, bytes: Buffer, start: number, end: number, header?: string): void {
    const i = this.count
    const at = this.sizeBytes
    const stop = at + end - start
    if (stop + 1 > this.#body.length) this.#grow(stop + 1)
    const body = this.#body
    bytes.copy(body, at, start, end)
    body[stop] = NEWLINE
    for (let found = body.indexOf(NEWLINE, at); found < stop; found = body.indexOf(NEWLINE, found)) body[found] = SPACE
    if (i === 0) this.epoch = epochOf(version)
    this.#starts[i] = at
    this.#starts[i + 1] = stop + 1
    this.#seqs[i] = sequenceOf(version)
    this.#times[i] = ms
    this.#subNs[i] = subNs
    this.#subjectAt[i] = this.#indexOf(subject)
    if (header !== undefined) {
      this.#headers ??= {}
      this.#headers[i] = header
    }
    this.count = i + 1
    this.sizeBytes = stop + 1
  }

  /** The place of message i. */
  mark(i: number): Mark {
    return { version: versionOf(this.epoch, this.#seqs[i]!), ms: this.#times[i]!, subNs: this.#subNs[i]! }
  }

  /** Nothing more comes in; `last` may lie behind its last message, where the messages between are none of this lane's. */
  seal(last: Mark): void {
    this.last = last
    this.epoch = epochOf(last.version)
  }

  /** Its lines, valid until {@link reset}. */
  lines(): Buffer {
    return this.#body.subarray(0, this.sizeBytes)
  }

  line(i: number): Buffer {
    return this.#body.subarray(this.#starts[i]!, this.#starts[i + 1]! - 1)
  }

  subject(i: number): string {
    return this.#subjects[this.#subjectAt[i]!]!.text
  }

  /** The first line of the batch. @param slots - what the batch covers, as in {@link BatchHead}. */
  head(stream: string, slots: BatchHead['slots']): BatchHead {
    const { count, epoch, nowMs } = this
    const last = this.last!
    return {
      stream,
      epoch,
      slots,
      last: sequenceOf(last.version),
      lastNs: nsOfMark(last),
      count,
      seqs: toStepRuns(this.#seqs.subarray(0, count)),
      times: toStepRuns(this.#times.subarray(0, count)),
      subjects: this.#subjects.map(({ text }) => text),
      subject: toRuns(this.#subjectAt.subarray(0, count)),
      ...(this.#headers && { headers: this.#headers }),
      ...(nowMs !== undefined && { nowMs }),
    }
  }

  /** Cuts a sealed draft of two messages or more into two that together say the same. */
  halves(): [Draft, Draft] {
    const middle = this.count >> 1
    return [this.#part(0, middle, this.mark(middle - 1)), this.#part(middle, this.count, this.last!)]
  }

  #part(from: number, to: number, last: Mark): Draft {
    const part = new Draft(to - from, this.#starts[to]! - this.#starts[from]!)
    for (let i = from; i < to; i++) {
      const { version, ms, subNs } = this.mark(i)
      part.append(
        this.#subjects[this.#subjectAt[i]!]!,
        version,
        ms,
        subNs,
        this.#body,
        this.#starts[i]!,
        this.#starts[i + 1]! - 1,
        this.#headers?.[i],
      )
    }
    part.seal(last)
    part.isPart = true
    return part
  }

  #indexOf(subject: Subject): number {
    const before = this.count > 0 ? this.#subjectAt[this.count - 1]! : 0
    if (this.#subjects[before] === subject) return before
    const known = this.#known.get(subject)
    if (known !== undefined) return known
    this.#known.set(subject, this.#subjects.length)
    return this.#subjects.push(subject) - 1
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#body.length, size))
    this.#body.copy(larger, 0, 0, this.sizeBytes)
    this.#body = larger
  }
}
