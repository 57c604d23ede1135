import { backoffMs } from '../positioned/backoff.ts'

/** What is away is asked at least this often: with one call, and what comes back should be found soon. */
const MOST_PAUSE_MS = 2000
/** A function that fails at so many calls in a row fails at everything. */
const PATIENCE = 3

/** How many calls may run at once: all while the function answers, fewer and after a pause when it does not, more again one by one. */
export class Circuit {
  readonly #most: number
  readonly #firstMs: number
  #limit: number
  #failures = 0
  #pausedUntilMs = 0
  #failedMs = Number.NEGATIVE_INFINITY

  constructor(most: number, firstMs: number) {
    this.#most = most
    this.#limit = most
    this.#firstMs = firstMs
  }

  /** Whether another call may begin beside so many. */
  hasRoom(inFlight: number): boolean {
    return inFlight < Math.floor(this.#limit)
  }

  /** How long nothing is to be sent. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs)
  }

  succeeded(): void {
    this.#failures = 0
    this.#pausedUntilMs = 0
    this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit)
  }

  /** The function could not be asked. @param startedMs - when the call began: calls side by side that meet the same trouble count once. */
  away(startedMs: number, nowMs: number, afterMs: number, jitter: number): void {
    this.#fail(startedMs, nowMs, afterMs, jitter, 0)
  }

  /** The function failed: that is the message's doing, unless it fails at everything. */
  failed(startedMs: number, nowMs: number, jitter: number): void {
    this.#fail(startedMs, nowMs, 0, jitter, PATIENCE)
  }

  #fail(startedMs: number, nowMs: number, afterMs: number, jitter: number, patience: number): void {
    if (startedMs > this.#failedMs) this.#failures++
    this.#failedMs = nowMs
    if (this.#failures <= patience) return
    this.#limit = Math.max(1, this.#limit / 2)
    const pauseMs = backoffMs(this.#failures - patience - 1, jitter, MOST_PAUSE_MS, this.#firstMs)
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + Math.max(pauseMs, afterMs))
  }
}
