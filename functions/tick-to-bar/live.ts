import { setTimeout as sleep } from 'node:timers/promises'
import { liveBarSubject } from '../../shared/contract/subjects.ts'
import { newestBars } from '../../shared/domain/closing.ts'
import type { SymbolState } from '../../shared/domain/symbol-state.ts'
import type { BarCache } from '../../shared/ports/bar-cache.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import type { Log } from '../../shared/runtime/log.ts'

/** Symbols shown in one go: a batch that comes meanwhile waits for no more than these. */
const MOST_AT_ONCE = 5

/** Shows the newest bars of symbols that got ticks: forming ones to whoever listens, all to the read cache, each at most once an interval. */
export class LiveBars {
  readonly #publisher: Publisher
  readonly #cache: BarCache
  readonly #log: Log
  readonly #intervalMs: number
  /** Symbols to show, the one that waits longest first. */
  readonly #queue = new Set<SymbolState>()
  readonly #shownAtMs = new WeakMap<SymbolState, number>()
  #running = false

  constructor(publisher: Publisher, cache: BarCache, log: Log, intervalMs: number) {
    this.#publisher = publisher
    this.#cache = cache
    this.#log = log
    this.#intervalMs = intervalMs
  }

  /** Notes symbols to show: at once after a pause, else when their interval is over. */
  touch(states: readonly SymbolState[]): void {
    for (const state of states) this.#queue.add(state)
    if (this.#running || this.#queue.size === 0) return
    this.#running = true
    void this.#run()
  }

  async #run(): Promise<void> {
    let pauseMs = 0
    while (this.#queue.size > 0) {
      // Not in the way of the answer to the batch; then spread over the interval.
      await sleep(Math.max(pauseMs, this.#dueInMs()), undefined, { ref: false })
      pauseMs = this.#intervalMs / Math.ceil(this.#queue.size / MOST_AT_ONCE)
      try {
        await this.#show(this.#takeDue())
      } catch (err) {
        // Only a picture is lost, and the next tick brings a newer one.
        this.#log.warn({ err }, 'live bars could not be shown')
      }
    }
    this.#running = false
  }

  async #show(states: readonly SymbolState[]): Promise<void> {
    const shown = states.flatMap(newestBars).map((bar) => ({ bar, json: JSON.stringify(bar) }))
    for (const { bar, json } of shown) if (!bar.closed) this.#publisher.tell(liveBarSubject(bar.interval, bar.symbol), json)
    await this.#cache.show(shown)
  }

  /** How long until the first of the queue may be shown again. */
  #dueInMs(): number {
    const [first] = this.#queue
    const shownAtMs = this.#shownAtMs.get(first!) ?? Number.NEGATIVE_INFINITY
    return Math.max(0, shownAtMs + this.#intervalMs - performance.now())
  }

  #takeDue(): SymbolState[] {
    const nowMs = performance.now()
    const due: SymbolState[] = []
    for (const state of this.#queue) {
      const shownAtMs = this.#shownAtMs.get(state) ?? Number.NEGATIVE_INFINITY
      if (due.length === MOST_AT_ONCE || shownAtMs + this.#intervalMs > nowMs) break
      this.#shownAtMs.set(state, nowMs)
      this.#queue.delete(state)
      due.push(state)
    }
    return due
  }
}
