import type { WireMessage } from '../../shared/adapters/nats/wire-parser.ts'

const CHUNK_BYTES = 256 * 1024

/** The bytes of a message in hand: its acknowledgement's subject, its headers and its payload lie in `bytes` where the offsets say. */
export type Content = {
  readonly subject: string
  /** W3C trace context of the call it was sent with last. */
  traceparent?: string
  bytes: Buffer
  replyStart: number
  replyEnd: number
  headerStart: number
  payloadStart: number
  payloadEnd: number
}

/** Keeps messages beyond the receive buffer: one copy each, many in one buffer, since a buffer each would cost more than the message. */
export class Store {
  #chunk = Buffer.alloc(0)
  #at = 0

  keep(message: WireMessage, subject: string): Content {
    const { bytes, subjectEnd, payloadEnd } = message
    const size = payloadEnd - subjectEnd
    if (this.#at + size > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size))
      this.#at = 0
    }
    const shift = this.#at - subjectEnd
    bytes.copy(this.#chunk, this.#at, subjectEnd, payloadEnd)
    this.#at += size
    return {
      subject,
      bytes: this.#chunk,
      replyStart: message.replyStart + shift,
      replyEnd: message.replyEnd + shift,
      headerStart: message.headerStart + shift,
      payloadStart: message.payloadStart + shift,
      payloadEnd: payloadEnd + shift,
    }
  }
}

/** Gives a message that stays long a buffer of its own, so that it does not keep those alive that came with it. */
export function detach(content: Content): void {
  const { bytes, replyStart, payloadEnd } = content
  if (bytes.length === payloadEnd - replyStart) return
  content.bytes = Buffer.allocUnsafeSlow(payloadEnd - replyStart)
  bytes.copy(content.bytes, 0, replyStart, payloadEnd)
  content.replyStart = 0
  content.replyEnd -= replyStart
  content.headerStart -= replyStart
  content.payloadStart -= replyStart
  content.payloadEnd -= replyStart
}

export const payloadOf = ({ bytes, payloadStart, payloadEnd }: Content): Buffer => bytes.subarray(payloadStart, payloadEnd)
