import { setImmediate } from 'node:timers/promises'
import { liveBarSubject } from '../../shared/contract/subjects.ts'
import { newestBars } from '../../shared/domain/closing.ts'
import type { SymbolState } from '../../shared/domain/symbol-state.ts'
import type { BarCache } from '../../shared/ports/bar-cache.ts'
import type { Publisher } from '../../shared/ports/publisher.ts'
import type { Log } from '../../shared/runtime/log.ts'

/** Symbols shown in one go: batches wait for no more than these. */
const MOST_AT_ONCE = 20

/** Shows the newest bars of symbols that got ticks: forming ones to whoever listens, all to the read cache, each at most once an interval. */
export class LiveBars {
  readonly #publisher: Publisher
  readonly #cache: BarCache
  readonly #log: Log
  readonly #intervalMs: number
  #touched = new Set<SymbolState>()
  #running = false
  #last = Number.NEGATIVE_INFINITY

  constructor(publisher: Publisher, cache: BarCache, log: Log, intervalMs: number) {
    this.#publisher = publisher
    this.#cache = cache
    this.#log = log
    this.#intervalMs = intervalMs
  }

  /** Notes symbols to show: at once after a pause, else when the interval is over. */
  touch(states: readonly SymbolState[]): void {
    for (const state of states) this.#touched.add(state)
    if (this.#running || this.#touched.size === 0) return
    this.#running = true
    const wait = Math.max(0, this.#last + this.#intervalMs - performance.now())
    setTimeout(() => void this.#showAll(), wait).unref()
  }

  async #showAll(): Promise<void> {
    const states = [...this.#touched]
    this.#touched = new Set()
    this.#last = performance.now()
    try {
      for (let at = 0; at < states.length; at += MOST_AT_ONCE) {
        const bars = states.slice(at, at + MOST_AT_ONCE).flatMap(newestBars)
        for (const bar of bars) if (!bar.closed) this.#publisher.tell(liveBarSubject(bar.interval, bar.symbol), JSON.stringify(bar))
        await this.#cache.show(bars)
        await setImmediate()
      }
    } catch (err) {
      // Only a picture is lost, and the next tick brings a newer one.
      this.#log.warn({ err }, 'live bars could not be shown')
    }
    this.#running = false
    this.touch([])
  }
}
