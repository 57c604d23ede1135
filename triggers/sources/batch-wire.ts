import { Buffer } from 'node:buffer'

/**
 * The wire form of the server's batched publishing: every message names its batch and place in its reply subject, so the server sees a gap, stores
 * nothing behind it, and acknowledges what it has stored in order.
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md "Fast-ingest Batch Publishing", nats-server >= 2.14
 */
export const BatchOp = { start: 0, append: 1, endOfBatch: 3 } as const

/** The server acknowledges every so many messages; 500 is the most it grants. */
const ACK_EVERY = 500

/** What the server says of a batch: `stored` messages are safe; `ended` when it takes no more; `refused` when it does not know or want the batch. */
type BatchReply = { readonly stored: number; readonly ended: boolean } | { readonly refused: number; readonly reason: string } | 'gap'

/** Error numbers that trying again cannot cure. */
export const NOT_ENABLED = 10205
/** Not a server error: an older server answered the single message instead of the batch. */
export const NOT_KNOWN = -1

/** Reads a reply; `status` is the code of a header-only reply such as 503, no stream takes the subject. */
export function readReply(text: string, status: number | undefined): BatchReply {
  if (text === '')
    return { refused: status ?? 0, reason: status === 503 ? 'no stream takes the subject' : `an empty reply, status ${status}` }
  const reply = JSON.parse(text)
  if (reply.type === 'ack') return { stored: reply.seq, ended: false }
  if (reply.type === 'gap') return 'gap'
  if (reply.error) return { refused: reply.error.err_code ?? reply.error.code, reason: reply.error.description }
  if (typeof reply.count === 'number') return { stored: reply.count, ended: true }
  return { refused: NOT_KNOWN, reason: 'the server does not know batched publishing (nats-server >= 2.14 is needed)' }
}

/** Collects PUB commands of one batch and hands them on in blocks, each a fresh buffer that the writer may keep. */
export class BatchWriter {
  readonly #replyPrefix: string
  readonly #write: (block: Uint8Array) => void
  readonly #blockBytes: number
  #block: Buffer
  #used = 0

  constructor(inbox: string, write: (block: Uint8Array) => void, blockBytes = 64 * 1024) {
    this.#replyPrefix = `${inbox}.${ACK_EVERY}.fail.`
    this.#write = write
    this.#blockBytes = blockBytes
    this.#block = Buffer.allocUnsafe(blockBytes)
  }

  /** Adds one message; `place` counts from 1 within the batch. */
  add(subject: string, text: string, place: number, op: number): void {
    const bytes = Buffer.byteLength(text)
    const command = `PUB ${subject} ${this.#replyPrefix}${place}.${op}.$FI ${bytes}\r\n`
    // A subject may hold any character: three bytes a UTF-16 unit is the most that UTF-8 takes.
    const need = command.length * 3 + bytes + 2
    if (this.#used + need > this.#block.length) this.flush(need)
    this.#used += this.#block.write(command, this.#used)
    this.#used += this.#block.write(text, this.#used)
    this.#block[this.#used++] = 13
    this.#block[this.#used++] = 10
  }

  /** Hands on what was added; the next block holds at least `need` bytes. */
  flush(need = 0): void {
    if (this.#used > 0) this.#write(this.#block.subarray(0, this.#used))
    else if (need <= this.#block.length) return
    this.#block = Buffer.allocUnsafe(Math.max(this.#blockBytes, need))
    this.#used = 0
  }
}
