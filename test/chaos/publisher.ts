import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { STREAMS } from '../../shared/contract/streams.ts'
import type { Tape } from './tape.ts'

const STREAM = STREAMS.MARKET_TICKS.name
/** Messages on their way at once. */
const WINDOW = 500
const ACK_MS = 3000

/**
 * Publishes a tape so that the stream always holds exactly its beginning: each message names the sequence it expects to follow. Whatever
 * happens (no answer, another last sequence, another stream) it connects anew, asks what the stream really holds, and goes on from there:
 * after the tail was cut from the last message left, after the stream was re-created from the start, as fast as it goes until it is on time.
 */
export class TapePublisher {
  readonly #url: string
  readonly #tape: Tape
  #connection: NatsConnection | undefined
  #startedMs = 0
  #stopped = false
  #running: Promise<void> = Promise.resolve()
  #failure: unknown
  /** How many messages of the tape the stream holds, as far as is known. */
  stored = 0
  /** How many of them were given to the server, which may hold them already. */
  offered = 0
  /** How often it had to find out anew what the stream holds. */
  resumed = 0
  /** Messages published, each time they were. */
  published = 0

  constructor(natsUrl: string, tape: Tape) {
    this.#url = natsUrl
    this.#tape = tape
  }

  /** The length of the tape. */
  get length(): number {
    return this.#tape.length
  }

  start(): void {
    this.#startedMs = performance.now()
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Resolves when the whole tape is in the stream. */
  async finished(): Promise<void> {
    await this.#running
    if (this.#failure) throw this.#failure
  }

  /** Ends at once. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await this.#connection?.close()
  }

  async #run(): Promise<void> {
    let inStep = false
    while (!this.#stopped) {
      try {
        if (!inStep) await this.#resume()
        inStep = true
        if (this.stored >= this.#tape.length && (await this.#lastSequence()) === this.#tape.length) return
        const due = Math.min(this.#tape.dueAfter(performance.now() - this.#startedMs), this.stored + WINDOW)
        if (due > this.stored) await this.#publish(this.stored, due)
        else await pause(4)
      } catch (error) {
        if (!isExpected(error)) throw error
        inStep = false
        await pause(20)
      }
    }
  }

  async #publish(from: number, to: number): Promise<void> {
    const js = jetstream(this.#connection!, { timeout: ACK_MS })
    const acks: Promise<unknown>[] = []
    this.offered = to
    for (let i = from; i < to; i++) {
      const { subject, text } = this.#tape.message(i)
      acks.push(js.publish(subject, text, { expect: { lastSequence: i }, retries: 1 }))
    }
    const settled = await Promise.allSettled(acks)
    const failed = settled.find((ack) => ack.status === 'rejected')
    if (failed) throw failed.reason
    this.stored = to
    this.published += to - from
  }

  /** A connection of its own each time: what an earlier one still held back can never be delivered later. */
  async #resume(): Promise<void> {
    this.resumed++
    await this.#connection?.close()
    this.#connection = undefined
    this.#connection = await connect({ servers: this.#url, reconnect: false, timeout: 2000, name: 'tape' })
    this.stored = await this.#lastSequence()
    this.offered = this.stored
  }

  async #lastSequence(): Promise<number> {
    const manager = await jetstreamManager(this.#connection!, { checkAPI: false, timeout: 2000 })
    return (await manager.streams.info(STREAM)).state.last_seq
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A server that is away, slow, starting, or holds something else than thought; anything else is a fault of this program. */
const isExpected = (error: unknown): boolean => error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError)
