export type Stored = { readonly seq: number; readonly subject: string; readonly data: Uint8Array; readonly ms: number; readonly ns: string }

/** One stream: sequences from 1, broker times that only ever grow, and what can befall it. */
export class Stream {
  readonly name: string
  /** Tells one life of the stream from the next. */
  created: string
  first = 1
  readonly messages: Stored[] = []
  readonly everPublished: Stored[] = []
  /** The next sequence of each consumer; they do not outlive a restart of the server. */
  readonly consumers = new Map<string, number>()
  readonly #clock: Clock
  #lives = 1
  #consumers = 0

  constructor(name: string, clock: Clock) {
    this.name = name
    this.#clock = clock
    this.created = `${name}#1`
  }

  get last(): number {
    return this.first + this.messages.length - 1
  }

  publish(subject: string, data: Uint8Array): Stored {
    const stored = { seq: this.last + 1, subject, data, ...this.#clock.stamp() }
    this.messages.push(stored)
    this.everPublished.push(stored)
    return stored
  }

  at(seq: number): Stored | undefined {
    return this.messages[seq - this.first]
  }

  /** The first sequence whose broker time is at or after `ns`; the next one to come if there is none. */
  sequenceAt(ns: bigint): number {
    return this.messages.find((message) => BigInt(message.ns) >= ns)?.seq ?? this.last + 1
  }

  /** A consumer that begins at `start`; below the first message kept it begins there. */
  consume(start: number): string {
    const name = `c${++this.#consumers}`
    this.consumers.set(name, start)
    return name
  }

  /** Retention: everything below `seq` goes. */
  purge(seq: number): void {
    this.messages.splice(0, seq - this.first)
    this.first = Math.max(this.first, seq)
  }

  /** Deleted and made anew, empty or from a backup that holds its first messages. @returns what it no longer holds. */
  recreate(kept = 0): Stored[] {
    this.created = `${this.name}#${++this.#lives}`
    if (kept === 0) this.first = 1
    this.consumers.clear()
    return this.messages.splice(kept)
  }

  /** Comes back from a backup or a power loss without its last messages. @returns them. */
  cutTail(count: number): Stored[] {
    this.consumers.clear()
    return this.messages.splice(Math.max(0, this.messages.length - count))
  }
}

/** The broker's clock: moves only when told to, and by 1 ms at least from stamp to stamp. It gives no ms twice. */
export class Clock {
  ms: number
  #stamps = 0
  readonly #given = new Set<number>()

  constructor(ms: number) {
    this.ms = ms
  }

  stamp(): { readonly ms: number; readonly ns: string } {
    do this.ms++
    while (this.#given.has(this.ms))
    this.#given.add(this.ms)
    return { ms: this.ms, ns: `${this.ms}${String(++this.#stamps).padStart(6, '0')}` }
  }
}

/** The KV bucket: values as JSON text with revisions. */
export class Bucket {
  readonly values = new Map<string, { readonly text: string; readonly revision: number }>()
  readonly #before: Map<string, { readonly text: string; readonly revision: number }>[] = []
  #revision = 0

  get<T>(key: string): { readonly value: T; readonly revision: number } | undefined {
    const found = this.values.get(key)
    return found && { value: JSON.parse(found.text) as T, revision: found.revision }
  }

  put(key: string, value: unknown): number {
    this.values.set(key, { text: JSON.stringify(value), revision: ++this.#revision })
    return this.#revision
  }

  create(key: string, value: unknown): number | undefined {
    if (this.values.has(key)) return undefined
    this.#before.push(new Map(this.values))
    return this.put(key, value)
  }

  replace(key: string, value: unknown, revision: number): number | undefined {
    if (this.values.get(key)?.revision !== revision) return undefined
    this.#before.push(new Map(this.values))
    return this.put(key, value)
  }

  /** Loses the last values that were made or replaced: a power loss. Revisions go on, as no caller outlives one without noticing. */
  fallBack(writes: number): void {
    const [values] = this.#before.splice(-writes)
    if (!values) return
    this.values.clear()
    for (const [key, value] of values) this.values.set(key, value)
  }

  remove(key: string, revision: number): void {
    if (this.values.get(key)?.revision === revision) this.values.delete(key)
  }
}
