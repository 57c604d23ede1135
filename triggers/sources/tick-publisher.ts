import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { BatchOp, BatchWriter, NOT_ENABLED, NOT_KNOWN, readReply } from './batch-wire.ts'

type Message = { readonly subject: string; readonly text: string }
type Wait = PromiseWithResolvers<void>
/** A running batch: `sent` messages of it are written, the first of them is number `from` of all messages. */
type Batch = { readonly from: number; sent: number; ending: boolean; readonly writer: BatchWriter; close(): void }

const decoder = new TextDecoder()

/** The client's writer of ready protocol bytes: `nc.publish` takes three times the CPU a message. Not in its types; the version is pinned. */
const blockWriter = (nc: NatsConnection) => {
  const { protocol } = nc as unknown as { protocol: { sendCommand(block: Uint8Array): void } }
  return (block: Uint8Array) => protocol.sendCommand(block)
}

/**
 * Publishes messages fast, in order, and with certainty, beside any number of other publishers.
 *
 * The server takes a batch without gaps or not at all from the gap on, and says up to where it has stored it. After a lost connection, a gap or a refusal
 * all that is not known to be stored is sent again in a new batch, for as long as it takes. So nothing is lost or overtaken; what was stored but not yet
 * acknowledged may come a second time.
 */
export class TickPublisher {
  readonly #nc: NatsConnection
  readonly #windowMessages: number
  readonly #stallMs: number
  /** Messages not known to be stored, oldest at `#head`. */
  #pending: Message[] = []
  #head = 0
  #subject = ''
  #batch: Batch | undefined
  #recovering = false
  #room: Wait | undefined
  #settled: Wait | undefined
  #stall: NodeJS.Timeout | undefined
  #fatal: TerminalError | undefined
  #closed = false
  /** Messages known to be stored. */
  stored = 0
  /** Messages sent a second time. */
  resent = 0
  /** Why nothing goes on just now. */
  trouble: string | undefined

  /**
   * @param windowMessages - how many messages may be on their way; the server's own queue holds 100,000 of all publishers.
   * @param stallMs - how long an acknowledgement may take before all that is unknown is sent again.
   */
  constructor(nc: NatsConnection, { windowMessages = 16_000, stallMs = 5_000 } = {}) {
    this.#nc = nc
    this.#windowMessages = windowMessages
    this.#stallMs = stallMs
    void this.#watchConnection()
  }

  /**
   * Takes a message. Returns a promise only when the window is full: await it before the next one.
   * @throws {RangeError} for a message beyond the server's limit. @throws {TerminalError} when the stream does not allow batched publishing.
   */
  send(subject: string, text: string): Promise<void> | undefined {
    if (this.#fatal) throw this.#fatal
    const limit = this.#nc.info?.max_payload ?? 1024 * 1024
    if (text.length * 3 > limit && Buffer.byteLength(text) > limit)
      throw new RangeError(`a message of ${text.length} characters is beyond the server's limit`)
    this.#pending.push({ subject, text })
    this.#subject = subject
    if (!this.#recovering) this.#append(subject, text)
    if (this.#unstored < this.#windowMessages) return undefined
    this.push()
    return this.#wait('#room')
  }

  /** Hands what was sent so far to the connection now. */
  push(): void {
    this.#batch?.writer.flush()
  }

  /** Resolves when everything sent is stored; await it before the next message. @throws {TerminalError} as send does. */
  settle(): Promise<void> {
    if (this.#fatal) return Promise.reject(this.#fatal)
    if (this.#unstored === 0 && !this.#batch) return Promise.resolve()
    const settled = this.#wait('#settled')
    if (!this.#recovering) this.#end()
    return settled
  }

  /** Ends at once; what is not stored stays so. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#stall)
    this.#drop()
  }

  get #unstored(): number {
    return this.#pending.length - this.#head
  }

  #wait(kind: '#room' | '#settled'): Promise<void> {
    const wait = Promise.withResolvers<void>()
    if (kind === '#room') this.#room = wait
    else this.#settled = wait
    this.#watchStall()
    return wait.promise
  }

  #append(subject: string, text: string): void {
    const batch = this.#batch ?? this.#begin()
    batch.sent++
    batch.writer.add(subject, text, batch.sent, batch.sent === 1 ? BatchOp.start : BatchOp.append)
  }

  #begin(): Batch {
    const inbox = `_INBOX.${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`
    const replies = this.#nc.subscribe(`${inbox}.>`, { callback: (error, msg) => this.#onReply(batch, error ?? undefined, msg) })
    const batch: Batch = {
      from: this.stored,
      sent: 0,
      ending: false,
      writer: new BatchWriter(inbox, blockWriter(this.#nc)),
      close: () => replies.unsubscribe(),
    }
    this.#batch = batch
    return batch
  }

  /** Asks for the acknowledgement of everything: the batch ends without a further message. */
  #end(): void {
    const batch = this.#batch
    if (!batch || batch.ending) return
    batch.ending = true
    batch.writer.add(this.#subject, '', batch.sent + 1, BatchOp.endOfBatch)
    batch.writer.flush()
  }

  #onReply(batch: Batch, error: Error | undefined, msg: Msg): void {
    if (batch !== this.#batch || this.#closed) return
    const reply = error ? { refused: 0, reason: error.message } : readReply(decoder.decode(msg.data), msg.headers?.code)
    // The final acknowledgement follows a gap and says more.
    if (reply === 'gap') return
    if ('refused' in reply) {
      if (reply.refused === NOT_ENABLED || reply.refused === NOT_KNOWN) this.#fail(reply.reason)
      else void this.#recover(reply.reason)
      return
    }
    this.#advance(batch.from + reply.stored)
    if (!reply.ended) return
    if (this.#unstored > 0) void this.#recover('the server saw a gap')
    else this.#finish()
  }

  /** Everything is stored and no batch is open. */
  #finish(): void {
    this.#drop()
    this.trouble = undefined
    this.#settled = void this.#settled?.resolve()
    this.#watchStall()
  }

  #advance(stored: number): void {
    if (stored <= this.stored) return
    this.#head += stored - this.stored
    this.stored = stored
    if (this.#head >= this.#windowMessages || this.#unstored === 0) {
      this.#pending = this.#pending.slice(this.#head)
      this.#head = 0
    }
    this.trouble = undefined
    if (this.#unstored < this.#windowMessages) this.#room = void this.#room?.resolve()
    this.#watchStall()
  }

  #drop(): void {
    this.#batch?.close()
    this.#batch = undefined
  }

  #fail(reason: string): void {
    this.#fatal = new TerminalError('ERR_CONFIG', `${this.#subject}: ${reason}`)
    this.#drop()
    clearTimeout(this.#stall)
    this.#room?.reject(this.#fatal)
    this.#settled?.reject(this.#fatal)
  }

  /** While somebody waits, acknowledgements must come. */
  #watchStall(): void {
    clearTimeout(this.#stall)
    if (this.#room || this.#settled)
      this.#stall = setTimeout(() => void this.#recover(`no acknowledgement for ${this.#stallMs} ms`), this.#stallMs)
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#nc.status()) if (status.type === 'disconnect') void this.#recover('the connection is lost')
  }

  /** Sends all that is not known to be stored again, in a new batch, once the server answers. */
  async #recover(reason: string): Promise<void> {
    if (this.#recovering || this.#closed || this.#fatal) return
    this.#recovering = true
    const refused = this.trouble === reason
    this.trouble = reason
    this.#drop()
    // A server that refuses again and again is asked at a calm pace.
    if (refused) await pause(500)
    while (!(await answers(this.#nc)) && !this.#closed) await pause(20)
    this.#recovering = false
    if (this.#closed) return
    if (this.#unstored === 0) return this.#finish()
    this.resent += this.#unstored
    for (let i = this.#head; i < this.#pending.length; i++) this.#append(this.#pending[i]!.subject, this.#pending[i]!.text)
    if (this.#settled) this.#end()
    this.push()
    this.#watchStall()
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether a round trip to the server succeeds within a second. */
const answers = async (nc: NatsConnection): Promise<boolean> =>
  Promise.race([
    nc
      .flush()
      .then(() => true)
      .catch(() => false),
    pause(1_000).then(() => false),
  ])
