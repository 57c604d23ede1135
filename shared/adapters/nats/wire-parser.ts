/**
 * One JetStream message where it lies in the receive buffer. The parser fills the same object again for every message, since
 * an object each would cost more than the parsing.
 */
export type WireMessage = {
  bytes: Buffer
  sid: number
  subjectStart: number
  subjectEnd: number
  /** A hash of the subject's bytes (FNV-1a, 32 bits). */
  subjectHash: number
  /** How often the server has sent it to this consumer. */
  deliveries: number
  /** Stream sequence. */
  sequence: number
  /** Counts what this consumer was sent: a step other than one is a loss. */
  consumerSequence: number
  /** Broker's time: whole ms since the epoch, and the ns beyond them. */
  ms: number
  subNs: number
  /** How many more the stream holds for this consumer. */
  pending: number
  /** The subject that answers it (an acknowledgement). */
  replyStart: number
  replyEnd: number
  /** The header block is `headerStart .. payloadStart`, empty for most messages. */
  headerStart: number
  payloadStart: number
  payloadEnd: number
}

type WireEvents = {
  message(message: WireMessage): void
  /** A status instead of a message: a heartbeat (100), or the end of a pull request, with its header block. */
  status(sid: number, block: string): void
  ping(): void
  pong(): void
  info(json: string): void
  error(text: string): void
}

const CR = 13
const SPACE = 32
const DOT = 46
const ZERO = 48
const H = 72
const M = 77
const P = 80

/**
 * Reads the protocol of a NATS server out of a buffer.
 * @see https://docs.nats.io/reference/reference-protocols/nats-protocol, and ADR-15 for the tokens of a JetStream reply subject:
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<ns>.<pending>`.
 */
export class WireParser {
  readonly #events: WireEvents
  readonly #message: WireMessage
  #at = 0

  constructor(events: WireEvents) {
    this.#events = events
    const subject = { sid: 0, subjectStart: 0, subjectEnd: 0, subjectHash: 0 }
    const place = { deliveries: 0, sequence: 0, consumerSequence: 0, ms: 0, subNs: 0, pending: 0 }
    const parts = { replyStart: 0, replyEnd: 0, headerStart: 0, payloadStart: 0, payloadEnd: 0 }
    this.#message = { bytes: Buffer.alloc(0), ...subject, ...place, ...parts }
  }

  /** Reads what is whole in `bytes[0 .. end)` and returns where the first unfinished thing begins. */
  parse(bytes: Buffer, end: number): number {
    let at = 0
    while (at < end) {
      const line = bytes.indexOf(CR, at)
      if (line < 0 || line + 2 > end) return at
      const first = bytes[at]!
      if (first === M || first === H) {
        const next = this.#delivery(bytes, at, line, end, first === H)
        if (next < 0) return at
        at = next
      } else {
        this.#control(bytes, at, line, first)
        at = line + 2
      }
    }
    return at
  }

  #control(bytes: Buffer, at: number, line: number, first: number): void {
    const text = bytes.toString('latin1', at, line)
    if (first === P) {
      if (text === 'PING') this.#events.ping()
      else this.#events.pong()
    } else if (text.startsWith('INFO ')) this.#events.info(bytes.toString('utf8', at + 5, line))
    else if (text.startsWith('-ERR')) this.#events.error(text.slice(5))
  }

  /** `MSG <subject> <sid> [reply] <bytes>` or `HMSG <subject> <sid> [reply] <header bytes> <bytes>`: read from its end, where the numbers are. */
  #delivery(bytes: Buffer, start: number, line: number, end: number, withHeaders: boolean): number {
    this.#at = line
    const size = this.#number(bytes)
    const headerSize = withHeaders ? this.#number(bytes) : 0
    const bodyStart = line + 2
    const bodyEnd = bodyStart + size
    if (bodyEnd + 2 > end) return -1
    const replyEnd = this.#at
    const last = this.#number(bytes)
    if (bytes[this.#at] === DOT) {
      const message = this.#message
      message.replyEnd = replyEnd
      message.bytes = bytes
      message.headerStart = bodyStart
      message.payloadStart = bodyStart + headerSize
      message.payloadEnd = bodyEnd
      message.pending = last
      // Before it stands the time, 19 digits from 2001 to 2286.
      const at = this.#at
      let ns = 0
      for (let i = at - 6; i < at; i++) ns = ns * 10 + bytes[i]! - ZERO
      message.subNs = ns
      this.#at = at - 6
      message.ms = this.#number(bytes)
      message.consumerSequence = this.#number(bytes)
      message.sequence = this.#number(bytes)
      message.deliveries = this.#number(bytes)
      this.#subject(bytes, start + (withHeaders ? 5 : 4))
      this.#events.message(message)
    } else if (withHeaders && bytes[this.#at] === SPACE)
      this.#events.status(last, bytes.toString('latin1', bodyStart, bodyStart + headerSize))
    return bodyEnd + 2
  }

  /** The number that ends before `#at`, which then is where the character before it stands. */
  #number(bytes: Buffer): number {
    let at = this.#at - 1
    let value = 0
    let unit = 1
    for (let c = bytes[at]!; c >= ZERO; c = bytes[--at]!) {
      value += (c - ZERO) * unit
      unit *= 10
    }
    this.#at = at
    return value
  }

  #subject(bytes: Buffer, start: number): void {
    let hash = 0x811c9dc5
    let at = start
    for (let c = bytes[at]!; c !== SPACE; c = bytes[++at]!) hash = Math.imul(hash ^ c, 0x01000193)
    const message = this.#message
    message.subjectStart = start
    message.subjectEnd = at
    message.subjectHash = hash
    let sid = 0
    for (let c = bytes[++at]!; c !== SPACE; c = bytes[++at]!) sid = sid * 10 + c - ZERO
    message.sid = sid
    message.replyStart = at + 1
  }
}
