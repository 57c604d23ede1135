import { Circuit } from './circuit.ts'
import { Item } from './item.ts'
import { Keys } from './keys.ts'
import { lastOf } from './last.ts'
import { Pace } from './pace.ts'
import { Past } from './past.ts'
import { Queues } from './queues.ts'
import type { Answer, Arrival, Call, Dead, Outcome, Rules, Step, Word } from './step.ts'
import { judge } from './verdict.ts'

/** How long a batch may take to fill while the stream is known to hold more than a batch. */
const FILL_MS = 20
/** Beyond so many in hand no more are asked for, whatever they wait for. */
const MOST_HELD = 10_000
const MOST_HELD_BYTES = 64 * 1024 * 1024
/** So many are buried in one go. */
const MOST_BURIED = 500

type Options = Rules & {
  /** The server gives a message to somebody else when it has heard nothing for so long. */
  readonly ackWaitMs: number
  /** Messages a second that an earlier process has seen settled. */
  readonly steady?: number | undefined
}

type Calling<C> = { readonly items: readonly Item<C>[]; readonly startedMs: number }

/**
 * What one process holds of a durable consumer's messages, and what to do with each: send, send again, give up, and what to tell the server.
 *
 * Pure: no clock, no network, no chance; times and jitter are given. The driver brings messages, asks {@link next} what to do after everything
 * that happens and when a wait is over, and passes {@link answers} on.
 */
export class Desk<C> {
  readonly #options: Options
  readonly #held = new Map<number, Item<C>>()
  readonly #queues = new Queues<C>()
  readonly #keys = new Keys<C>()
  readonly #past = new Past()
  readonly #circuit: Circuit
  readonly #pace: Pace
  readonly #calls = new Map<number, Calling<C>>()
  #dying: Dead<C>[] = []
  #burying: readonly Dead<C>[] = []
  #answers: Answer<C>[] = []
  #bytes = 0
  #nextCall = 1
  #successes = 0
  #pending = 0
  /** The last call was of messages that had been sent before. */
  #wasRepeat = false
  /** Messages in hand that were never sent. */
  #unsent = 0

  constructor(options: Options) {
    this.#options = options
    this.#circuit = new Circuit(options.concurrency, options.backoffMs)
    this.#pace = new Pace(options.batch, options.steady)
  }

  /** Messages in hand, those in flight included; `oldestMs` is the broker's time of the oldest. */
  get held(): { readonly messages: number; readonly oldestMs: number | undefined } {
    let oldestMs: number | undefined
    for (const { ms } of this.#held.values()) if (oldestMs === undefined || ms < oldestMs) oldestMs = ms
    return { messages: this.#held.size, oldestMs }
  }

  get inFlight(): number {
    return this.#calls.size
  }

  /** Messages settled a second while all was well. */
  get steady(): number | undefined {
    return this.#pace.steady
  }

  /** Whether it has room for more. What has been asked for when it says no must still be taken. */
  get wantsMore(): boolean {
    const { batch, concurrency } = this.#options
    const { fresh, parts } = this.#queues
    const ahead = batch * concurrency
    return fresh.length + parts.length < ahead && this.#held.size < Math.max(MOST_HELD, 2 * ahead) && this.#bytes < MOST_HELD_BYTES
  }

  /** Takes a message that the server has delivered. One in hand is not taken twice; one that was settled is only answered again. */
  take(arrival: Arrival<C>, nowMs: number): void {
    const known = this.#held.get(arrival.sequence)
    if (known && known.ms === arrival.ms && known.subNs === arrival.subNs) {
      known.content = arrival.content
      known.renewedMs = nowMs
    } else if (this.#past.has(arrival)) this.#answers.push({ word: 'ack', content: arrival.content })
    else {
      // Another message under this number: the stream is not the one it was.
      if (known) this.#forget(known, nowMs)
      const item = new Item(arrival, nowMs)
      if (arrival.again) this.#pace.redelivered(nowMs)
      this.#held.set(item.sequence, item)
      this.#bytes += item.sizeBytes
      this.#unsent++
      this.#keys.join(item)
      if (item.isFirst) this.#queues.put(item, nowMs)
    }
  }

  /** How many more the stream is known to hold for this consumer. */
  behind(pending: number): void {
    this.#pending = pending
  }

  /** Called about once a second: how fast is the function, as long as it answers? */
  measure(nowMs: number): void {
    this.#pace.measure(nowMs, this.#queues.hasNoRepeats)
  }

  /** What to do at this time. @param brokerMs - the broker's clock now: ages are judged by it. */
  next(nowMs: number, brokerMs: number): Step<C> {
    const queues = this.#queues
    queues.promote(nowMs)
    this.#expire(brokerMs)
    if (this.#dying.length > 0 && this.#burying.length === 0) {
      this.#burying = this.#dying.splice(0, MOST_BURIED)
      return { kind: 'bury', dead: this.#burying }
    }
    if (!this.#circuit.hasRoom(this.#calls.size)) return { kind: 'idle' }
    const pausedMs = queues.isEmpty ? 0 : this.#circuit.waitMs(nowMs)
    if (pausedMs > 0) return { kind: 'wait', ms: pausedMs }
    const { batch } = this.#options
    if (queues.firstOf(queues.parts)) return this.#call(queues.parts, batch, nowMs, brokerMs)
    const wanted = this.#wanted
    const allowed = wanted > 0 ? this.#pace.allowance(nowMs, wanted) : 0
    const patienceMs = this.#patienceMs(nowMs)
    // In turns, or one message that breaks every call would keep all others from showing that the function is there.
    if (patienceMs === 0 && (allowed === 0 || this.#wasRepeat)) return this.#call(queues.fresh, batch, nowMs, brokerMs)
    if (allowed > 0) return this.#call(queues.paced, allowed, nowMs, brokerMs)
    const waits = [
      patienceMs,
      queues.nextDueMs !== undefined && queues.nextDueMs - nowMs,
      wanted > 0 && this.#pace.waitMs(nowMs, wanted),
    ].filter((ms) => typeof ms === 'number')
    return waits.length > 0 ? { kind: 'wait', ms: Math.min(...waits) } : { kind: 'idle' }
  }

  /**
   * Says what became of a call.
   * @param jitter - in [0, 1), spreads repeats.
   * @returns how many of its messages are settled.
   */
  settle({ id }: Pick<Call<C>, 'id'>, outcome: Outcome, nowMs: number, jitter: number): number {
    const call = this.#calls.get(id)
    if (!call) return 0
    this.#calls.delete(id)
    const { items, startedMs } = call
    const successes = this.#successes
    const isAlone = outcome.kind === 'away' && items.some(({ awayAt }) => awayAt >= 0 && successes > awayAt)
    const verdicts = judge(items, outcome, { rules: this.#options, successes, isAlone, nowMs, jitter })
    // Turned away while others get through: the pause is the message's, and nobody else waits for it.
    if (!(isAlone && !outcome.suspect)) this.#learn(outcome, verdicts.some(({ kind }) => kind === 'settled'), startedMs, nowMs, jitter) // biome-ignore format: one call
    const last = lastOf(outcome)
    let settled = 0
    let unpaced = 0
    items.forEach((item, i) => {
      const verdict = verdicts[i]!
      if (item.state === 'gone') return
      if (verdict.kind === 'settled') {
        this.#answer('ack', item, nowMs)
        settled++
        if (!item.paced) unpaced++
      } else if (verdict.kind === 'again') {
        item.last = last(i)
        item.dueMs = verdict.dueMs
        item.paced = verdict.paced
        if (item.isFirst) this.#queues.put(item, nowMs)
        else item.state = 'behind'
      } else this.#give(item, verdict.code, verdict.error)
    })
    this.#pace.settled(unpaced)
    return settled
  }

  /** Those to be buried are in the dead letters. */
  buried(nowMs: number): void {
    for (const { message } of this.#burying) this.#answer('term', message as Item<C>, nowMs)
    this.#burying = []
  }

  /** What is to be said to the server, once. */
  answers(): readonly Answer<C>[] {
    const answers = this.#answers
    if (answers.length > 0) this.#answers = []
    return answers
  }

  /** Those for which the server must be told that they are still worked on. */
  renewals(nowMs: number): C[] {
    const due: C[] = []
    for (const item of this.#held.values()) {
      if (nowMs - item.renewedMs < this.#options.ackWaitMs / 3) continue
      item.renewedMs = nowMs
      due.push(item.content)
    }
    return due
  }

  /** Lets go of what the server has given to others by now, since it has heard nothing for too long. What is in flight is awaited. */
  lapse(nowMs: number): void {
    for (const item of this.#held.values())
      if (this.#isIdle(item) && nowMs - item.renewedMs >= this.#options.ackWaitMs) this.#forget(item, nowMs)
  }

  /** Gives back all that is not in flight, for others to take. */
  release(nowMs: number): void {
    for (const item of this.#held.values()) if (this.#isIdle(item)) this.#answer('nak', item, nowMs)
  }

  /** How the function fares, as far as a call tells. */
  #learn(outcome: Outcome, isSuccess: boolean, startedMs: number, nowMs: number, jitter: number): void {
    if (outcome.kind === 'away') this.#circuit.away(startedMs, nowMs, outcome.afterMs, jitter)
    else if (isSuccess || outcome.kind === 'refused') this.#circuit.succeeded()
    else this.#circuit.failed(startedMs, nowMs, jitter)
    if (isSuccess) {
      this.#successes++
      this.#pace.back(nowMs)
    } else if (outcome.kind !== 'refused') this.#pace.away(nowMs)
  }

  #isIdle({ state }: Item<C>): boolean {
    return state === 'ready' || state === 'behind'
  }

  #call(queue: Queues<C>['fresh'], most: number, nowMs: number, brokerMs: number): Step<C> {
    const items = this.#queues.gather(queue, most, this.#options.maxBytes, nowMs, (item) => this.#isStale(item, brokerMs))
    if (queue !== this.#queues.parts) this.#pace.spend(items.filter(({ paced }) => paced).length)
    this.#wasRepeat = queue !== this.#queues.fresh
    for (const item of items) if (item.sends++ === 0) this.#unsent--
    const id = this.#nextCall++
    this.#calls.set(id, { items, startedMs: nowMs })
    return { kind: 'call', call: { id, messages: items, sizeBytes: items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) } }
  }

  /** How many messages could be sent again now if the pace allowed it, up to a batch. */
  get #wanted(): number {
    const { batch } = this.#options
    const { paced } = this.#queues
    const first = this.#queues.firstOf(paced)
    // Those behind it in its key go with it.
    return first ? (first.next ? batch : Math.min(batch, paced.length)) : 0
  }

  /** How long those never sent wait for others; undefined where there are none. */
  #patienceMs(nowMs: number): number | undefined {
    const first = this.#queues.firstOf(this.#queues.fresh)
    if (!first) return undefined
    const { batch, waitMs, maxBytes } = this.#options
    if (this.#unsent >= batch || this.#queues.freshBytes >= maxBytes) return 0
    // More than a batch behind, the rest of this one is on its way: large batches are what catches up.
    const patienceMs = Math.max(waitMs, this.#pending > batch ? FILL_MS : 0)
    return Math.max(0, first.arrivedMs + patienceMs - nowMs)
  }

  #isStale({ ms }: Item<C>, brokerMs: number): boolean {
    const { maxAgeMs } = this.#options
    return maxAgeMs !== undefined && brokerMs - ms > maxAgeMs
  }

  #expire(brokerMs: number): void {
    const { maxAgeMs } = this.#options
    if (maxAgeMs === undefined) return
    const { fresh, parts, paced } = this.#queues
    for (const queue of [fresh, parts, paced])
      for (let item = this.#queues.firstOf(queue); item && this.#isStale(item, brokerMs); item = this.#queues.firstOf(queue)) {
        this.#queues.shift(queue)
        this.#give(item, 'EXPIRED', expired(item, maxAgeMs))
      }
  }

  /** Gives a message up. Those behind it in its key wait until it is buried. */
  #give(item: Item<C>, code: string, error: string): void {
    item.state = 'dying'
    this.#dying.push({ message: item, code, error, attempts: item.attempts })
  }

  #answer(word: Word, item: Item<C>, nowMs: number): void {
    this.#answers.push({ word, content: item.content })
    if (word !== 'nak') this.#past.add(item)
    this.#forget(item, nowMs)
  }

  #forget(item: Item<C>, nowMs: number): void {
    if (this.#held.get(item.sequence) === item) this.#held.delete(item.sequence)
    this.#bytes -= item.sizeBytes
    if (item.sends === 0) this.#unsent--
    const next = this.#keys.leave(item)
    if (next?.state === 'behind') this.#queues.put(next, nowMs)
  }
}

/** Attempts are failures of its own alone, of which a message may have none though it was sent again and again. */
const expired = <C>({ sends, last }: Item<C>, maxAgeMs: number): string =>
  `older than ${maxAgeMs} ms${sends === 0 ? '' : `; sent ${sends === 1 ? 'once' : `${sends} times`}, last: ${last}`}`
