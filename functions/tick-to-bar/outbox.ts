import type { Outgoing, Publisher } from '../../shared/ports/publisher.ts'
import { RetryableError } from '../../shared/runtime/errors.ts'
import type { Log } from '../../shared/runtime/log.ts'
import type { Resource } from '../../shared/runtime/resource.ts'
import { messagesOfEntry } from './outbox-entry.ts'

const MOST_ENTRIES = 20
const MOST_BARS = 1_000
const MOST_BYTES = 8 * 1024 * 1024
const MOST_AT_ONCE = 500
const PATIENCE_MS = 3_000
const PAUSE_MS = { least: 50, most: 2_000 }
/** The most entries one commit deletes from a slot's stored outbox. */
const MOST_DELETED = 50

/** The closed bars of one commit in one slot. */
type Entry = { readonly slot: number; readonly token: string; readonly messages: readonly Outgoing[]; readonly bytes: number }

/**
 * Publishes closed bars after they were committed, in the order of their commits and at least once: an entry stays stored until it is
 * acknowledged and a later commit of its slot deletes it.
 */
export class Outbox implements Resource {
  readonly name = 'outbox'
  readonly #publisher: Publisher
  readonly #log: Log
  readonly #queue: Entry[] = []
  readonly #known = new Set<string>()
  readonly #published = new Map<number, string[]>()
  #bars = 0
  #bytes = 0
  #draining = false
  #waiting: { readonly entries: number; readonly resume: () => void }[] = []

  constructor(publisher: Publisher, log: Log) {
    this.#publisher = publisher
    this.#log = log
  }

  async ready(): Promise<boolean> {
    return true
  }

  /** How many bars wait to be published. */
  get bars(): number {
    return this.#bars
  }

  /** @throws {RetryableError} ERR_OUTBOX_FULL while so much waits that no batch may add to it. */
  admit(): void {
    if (this.#bars > MOST_BARS || this.#bytes > MOST_BYTES)
      throw new RetryableError('ERR_OUTBOX_FULL', `${this.#bars} closed bars wait to be published`)
  }

  /** Takes over what a commit stored. Entries it knows already are passed over. */
  add(slot: number, token: string, stored: Uint8Array): void {
    const name = `${slot} ${token}`
    if (this.#known.has(name)) return
    this.#known.add(name)
    const messages = messagesOfEntry(stored)
    this.#queue.push({ slot, token, messages, bytes: stored.length })
    this.#bars += messages.length
    this.#bytes += stored.length
    if (!this.#draining) void this.#drain()
  }

  /** Resolves once few enough entries wait to go on, or after a while: what waits is stored. */
  room(): Promise<void> {
    return this.#atMost(MOST_ENTRIES)
  }

  /** Gives what waits a moment to be published; the next process publishes the rest. */
  close(): Promise<void> {
    return this.#atMost(0)
  }

  async #atMost(entries: number): Promise<void> {
    if (this.#queue.length <= entries) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS)
      const resume = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.push({ entries, resume })
    })
  }

  /** Entries of a slot that are published and may be deleted with its next commit. */
  published(slot: number): readonly string[] {
    return this.#published.get(slot)?.slice(0, MOST_DELETED) ?? []
  }

  /** Notes that a commit deleted entries. */
  deleted(slot: number, tokens: readonly string[]): void {
    if (tokens.length === 0) return
    for (const token of tokens) this.#known.delete(`${slot} ${token}`)
    this.#published.set(slot, this.#published.get(slot)!.slice(tokens.length))
  }

  async #drain(): Promise<void> {
    this.#draining = true
    let pause = PAUSE_MS.least
    while (this.#queue.length > 0) {
      let count = 0
      let messages = 0
      while (count < this.#queue.length && messages < MOST_AT_ONCE) messages += this.#queue[count++]!.messages.length
      try {
        await this.#publisher.publishAll(this.#queue.slice(0, count).flatMap((entry) => entry.messages))
        const entries = this.#queue.splice(0, count)
        for (const entry of entries) this.#done(entry)
        pause = PAUSE_MS.least
      } catch (err) {
        this.#log.warn({ err, bars: this.#bars }, 'closed bars could not be published; trying again')
        await new Promise((resolve) => setTimeout(resolve, pause))
        pause = Math.min(pause * 2, PAUSE_MS.most)
      }
    }
    this.#draining = false
  }

  #done({ slot, token, messages, bytes }: Entry): void {
    this.#bars -= messages.length
    this.#bytes -= bytes
    const published = this.#published.get(slot)
    if (published) published.push(token)
    else this.#published.set(slot, [token])
    const left = this.#queue.length
    for (const { entries, resume } of this.#waiting) if (left <= entries) resume()
    this.#waiting = this.#waiting.filter(({ entries }) => left > entries)
  }
}
