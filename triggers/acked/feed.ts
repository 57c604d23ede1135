import type { Nats } from '../../shared/adapters/nats/connect.ts'
import { isStreamAbsent } from '../../shared/adapters/nats/stream.ts'
import type { WireMessage } from '../../shared/adapters/nats/wire-parser.ts'
import { openPull, type Pull } from '../../shared/adapters/nats/wire-pull.ts'
import type { Log } from '../../shared/runtime/log.ts'
import type { Order } from '../annotation.ts'
import { backoffMs } from '../positioned/backoff.ts'
import { Subjects } from '../positioned/subjects.ts'
import { type Content, detach, Store } from './content.ts'
import type { Desk } from './desk.ts'
import { keyOf } from './key.ts'
import { type Word, words } from './words.ts'

type Options = {
  readonly nats: Nats
  readonly stream: string
  readonly consumer: string
  readonly functionName: string
  readonly order: Order
  readonly requestMessages: number
  readonly desk: Desk<Content>
  readonly log: Log
  /** Makes the consumer ready to be read: called before every opening. */
  readonly prepare: () => Promise<void>
  /** Messages have come, or the way to the server is open again. */
  readonly onChange: () => void
  /** The consumer is read now, or no longer. */
  readonly onReading: (isRead: boolean) => void
}

const MOST_PAUSE_MS = 500
/** A server that does not answer is not waited for longer. */
const MOST_FLUSH_MS = 1000
/** A subject's slot is of no concern here. */
const SLOTS = 1

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Brings a consumer's messages to the desk and the desk's answers to the server, over a connection of its own that comes back for as long as it runs. */
export class Feed {
  readonly #options: Options
  readonly #subjects = new Subjects(SLOTS)
  readonly #store = new Store()
  readonly #running: Promise<void>
  #again = Promise.withResolvers<string>()
  #pull: Pull | undefined
  #unsent: Buffer[] = []
  #expected = 1
  #nowMs = 0
  #stopped = false

  constructor(options: Options) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Says these words to the server now, or as soon as there is a way. What a lost connection takes with it is said when the messages come again. */
  say(word: Word, contents: readonly Content[]): void {
    if (contents.length === 0) return
    const bytes = words(word, contents)
    if (this.#pull) this.#pull.send(bytes)
    else if (word !== 'renew') this.#unsent.push(bytes)
  }

  /** Tells the server that these are still worked on, if it can be told. */
  renew(nowMs: number): void {
    if (!this.#pull) return
    const contents = this.#options.desk.renewals(nowMs)
    for (const content of contents) detach(content)
    this.say('renew', contents)
  }

  /** Asks for more if there is room now. */
  more(): void {
    this.#pull?.more()
  }

  /** Opens it anew. */
  reopen(reason: string): void {
    this.#again.resolve(reason)
  }

  /** Asks for no more messages; those on their way have come when it resolves. */
  async drain(): Promise<void> {
    this.#stopped = true
    if (this.#pull) await Promise.race([this.#pull.drain(), pause(MOST_FLUSH_MS)])
  }

  /** After {@link drain}: ends it. What has been said is heard when it resolves, if the server is there. */
  async stop(): Promise<void> {
    if (this.#pull) await Promise.race([this.#pull.flush(), pause(MOST_FLUSH_MS)])
    this.#again.resolve('the end')
    await this.#running
  }

  async #run(): Promise<void> {
    const { nats, log, functionName, stream, onReading } = this.#options
    for (let failures = 0; !this.#stopped; ) {
      this.#again = Promise.withResolvers()
      const again = this.#again.promise
      try {
        await Promise.race([nats.there(), again])
        if (this.#stopped) return
        await this.#open()
        onReading(true)
        failures = 0
        const reason = await again
        if (!this.#stopped) log.info({ function: functionName, reason }, 'reading begins anew')
      } catch (error) {
        if (failures % 20 === 0) {
          // Somebody has yet to make it: a stack would not say more.
          if (isStreamAbsent(error)) log.warn({ function: functionName, stream }, 'no reading yet: the stream is not there')
          else log.warn({ err: error, function: functionName, stream }, 'no reading yet')
        }
        await pause(Math.min(backoffMs(failures++, Math.random()), MOST_PAUSE_MS))
      } finally {
        onReading(false)
        this.#pull?.close()
        this.#pull = undefined
      }
    }
  }

  async #open(): Promise<void> {
    const { nats, stream, consumer, requestMessages, desk, prepare, onChange } = this.#options
    const again = this.#again
    await prepare()
    desk.lapse(performance.now())
    this.#expected = 1
    const pull = await openPull(
      { url: nats.url, stream, consumer: Promise.resolve(consumer), requestMessages },
      {
        message: (message) => this.#take(message),
        drained: () => {
          this.#nowMs = 0
          onChange()
        },
        wantsMore: () => !this.#stopped && desk.wantsMore,
        lost: (reason) => again.resolve(reason),
      },
    )
    this.#pull = pull
    for (const bytes of this.#unsent.splice(0)) pull.send(bytes)
    onChange()
  }

  #take(message: WireMessage): void {
    const { order, desk } = this.#options
    // Where order is kept, what was sent to nobody else must have come here: a gap is a message that another may bring back later.
    if (order.kind !== 'none' && message.consumerSequence !== this.#expected++) {
      this.#pull?.close()
      this.#again.resolve('a message went elsewhere')
      return
    }
    if (this.#nowMs === 0) this.#nowMs = performance.now()
    const { bytes, subjectStart, subjectEnd, subjectHash, sequence, ms, subNs, deliveries, pending } = message
    const content = this.#store.keep(message, this.#subjects.find(bytes, subjectStart, subjectEnd, subjectHash).text)
    const key = order.kind === 'none' ? undefined : keyOf(order, content)
    const sizeBytes = message.payloadEnd - message.headerStart
    desk.take({ sequence, ms, subNs, key, sizeBytes, again: deliveries > 1, content }, this.#nowMs)
    desk.behind(pending)
  }
}
