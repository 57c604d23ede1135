import { Desk } from '../../../../triggers/acked/desk.ts'
import type { Call, Outcome, Rules } from '../../../../triggers/acked/step.ts'

/** What a message does to the function: `refuse` is answered for good, `fail` as an error, `crash` with a broken connection, whatever it is sent with. */
export type Nature = 'good' | 'refuse' | 'fail' | 'crash'
export type Stored = { readonly sequence: number; readonly ms: number; readonly key: string; readonly nature: Nature }

export const ACK_WAIT_MS = 30_000
export const RULES: Rules & { readonly ackWaitMs: number } = {
  batch: 5,
  maxBytes: 1000,
  waitMs: 0,
  concurrency: 2,
  maxAttempts: 4,
  maxAgeMs: undefined,
  backoffMs: 100,
  backoffMostMs: 10_000,
  ackWaitMs: ACK_WAIT_MS,
}

type Pending = { dueMs: number; deliveries: number }

/** A durable consumer as nats-server keeps it: explicit acknowledgements, each delivery to one of those who ask. */
export class Consumer {
  readonly #stream: Stored[] = []
  readonly #settled = new Set<number>()
  readonly #pending = new Map<number, Pending>()
  /** What was settled or given up for the first time, in that order. */
  readonly over: Stored[] = []
  #next = 1

  publish(key: string, nature: Nature, ms: number): void {
    this.#stream.push({ sequence: this.#stream.length + 1, ms, key, nature })
  }

  get stream(): readonly Stored[] {
    return this.#stream
  }

  /** Whether all that were not published by the test itself are settled. */
  get isDone(): boolean {
    return this.#stream.every(({ sequence, key }) => key > 'x' || this.#settled.has(sequence))
  }

  /** What is due again, then what is new. */
  deliver(count: number, nowMs: number): { readonly message: Stored; readonly deliveries: number }[] {
    const again = [...this.#pending].flatMap(([sequence, { dueMs }]) => (dueMs <= nowMs ? [sequence] : [])).sort((a, b) => a - b)
    const delivered: { message: Stored; deliveries: number }[] = []
    while (delivered.length < count) {
      const sequence = again.shift() ?? this.#fresh()
      if (sequence === undefined) break
      const deliveries = (this.#pending.get(sequence)?.deliveries ?? 0) + 1
      this.#pending.set(sequence, { dueMs: nowMs + ACK_WAIT_MS, deliveries })
      delivered.push({ message: this.#stream[sequence - 1]!, deliveries })
    }
    return delivered
  }

  hear(word: 'ack' | 'term' | 'nak' | 'renew', sequence: number, nowMs: number): void {
    const pending = this.#pending.get(sequence)
    if (!pending) return
    if (word === 'renew') pending.dueMs = nowMs + ACK_WAIT_MS
    else if (word === 'nak') pending.dueMs = nowMs
    else {
      this.#pending.delete(sequence)
      this.#settled.add(sequence)
      const message = this.#stream[sequence - 1]!
      if (!this.over.includes(message)) this.over.push(message)
    }
  }

  /** Delivers all behind the floor again, as `$JS.API.CONSUMER.RESET` does. */
  reset(): void {
    this.#pending.clear()
    this.#next = this.#floor + 1
    for (const sequence of this.#settled) if (sequence > this.#floor) this.#settled.delete(sequence)
  }

  /** Killed with what it had not written down: the last acknowledgements are forgotten. */
  forget(count: number, nowMs: number): void {
    for (const sequence of [...this.#settled].slice(-count)) {
      this.#settled.delete(sequence)
      this.#pending.set(sequence, { dueMs: nowMs, deliveries: 1 })
    }
  }

  get #floor(): number {
    let floor = 0
    while (this.#settled.has(floor + 1)) floor++
    return floor
  }

  #fresh(): number | undefined {
    while (this.#next <= this.#stream.length && (this.#settled.has(this.#next) || this.#pending.has(this.#next))) this.#next++
    return this.#next <= this.#stream.length ? this.#next++ : undefined
  }
}

type Content = Stored

/** A trigger process: its desk, and the calls it has under way. */
export class Process {
  readonly desk = new Desk<Content>(RULES)
  readonly calls: Call<Content>[] = []
  /** What this process has heard to be done, or has buried. */
  readonly known = new Set<Content>()
  isConnected = true
  readonly #isOrdered: boolean

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered
  }

  take(delivered: ReturnType<Consumer['deliver']>, nowMs: number): void {
    for (const { message, deliveries } of delivered) {
      const key = this.#isOrdered ? message.key : undefined
      this.desk.take({ ...message, subNs: 0, key, sizeBytes: 10, again: deliveries > 1, content: message }, nowMs)
    }
  }

  /** Does what the desk says, all of it. Gives what went to the dead letters. */
  step(nowMs: number): Content[] {
    const dead: Content[] = []
    for (;;) {
      const step = this.desk.next(nowMs, nowMs)
      if (step.kind === 'call') this.#begin(step.call)
      else if (step.kind === 'bury') {
        for (const { message } of step.dead) {
          dead.push(message.content)
          this.known.add(message.content)
        }
        this.desk.buried(nowMs)
      } else return dead
    }
  }

  /** @throws {Error} when a message, or a key, is under way already, or the message is known to be over. */
  #begin(call: Call<Content>): void {
    for (const { content, key } of call.messages) {
      const isTwice = this.calls.some(({ messages }) =>
        messages.some((one) => one.content === content || (key !== undefined && one.key === key)),
      )
      if (isTwice) throw new Error(`message ${content.sequence} of ${key} is sent while it is under way`)
      if (this.known.has(content)) throw new Error(`message ${content.sequence} is sent after it was done`)
    }
    if (call.messages.length === 0 || call.messages.length > RULES.batch) throw new Error(`a call of ${call.messages.length} messages`)
    this.calls.push(call)
  }

  speak(consumer: Consumer, nowMs: number): void {
    if (!this.isConnected) return
    for (const { word, content } of this.desk.answers()) consumer.hear(word, content.sequence, nowMs)
    for (const { sequence } of this.desk.renewals(nowMs)) consumer.hear('renew', sequence, nowMs)
  }
}

/** How a function tells what it could not take: by name, so that a key ends with its first, or heedless of keys; or by refusing all. */
export type Manner = 'named' | 'heedless' | 'whole'

/** How the function takes a call; what it has done is the caller's to write down. */
export function answerTo(messages: readonly Stored[], manner: Manner): { readonly done: readonly Stored[]; readonly outcome: Outcome } {
  const natures = new Set(messages.map(({ nature }) => nature))
  const none: readonly Stored[] = []
  if (natures.has('crash')) return { done: none, outcome: { kind: 'away', afterMs: 0, cause: '502', suspect: true } }
  if (!natures.has('refuse') && !natures.has('fail')) return { done: messages, outcome: { kind: 'done' } }
  if (manner !== 'whole') {
    const ended = new Set<string>()
    const done: Stored[] = []
    const failures = messages.flatMap(({ nature, key }, index) => {
      if (nature === 'good' && !ended.has(key)) {
        done.push(messages[index]!)
        return []
      }
      if (nature !== 'refuse' && manner === 'named') ended.add(key)
      return [{ index, code: nature === 'good' ? 'ERR_UNAVAILABLE' : 'FAILED', error: nature, retry: nature !== 'refuse' }]
    })
    return { done, outcome: { kind: 'partly', failures } }
  }
  if (natures.has('refuse')) return { done: none, outcome: { kind: 'refused', cause: '422' } }
  return { done: none, outcome: { kind: 'failed', afterMs: 0, cause: '500' } }
}
