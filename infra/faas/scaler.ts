import type { ScaleRule } from './scale-rule.ts'
import { nextScale, type ScaleState } from './scaling.ts'

/** Watches the calls of one function and says how many replicas they need. */
export class Scaler {
  #rule: ScaleRule
  #state: ScaleState
  readonly #downAfterMs: number
  #inFlight = 0
  /** Calls in flight summed up over time, since the last look. */
  #callMs = 0
  #changedMs: number
  #lookedMs: number
  #called = false

  constructor(rule: ScaleRule, rest: number, downAfterMs: number, nowMs: number) {
    this.#rule = rule
    this.#downAfterMs = downAfterMs
    this.#state = { count: rest, rest, busyMs: nowMs, needs: [] }
    this.#changedMs = nowMs
    this.#lookedMs = nowMs
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** A call has come: it counts from now on, whether it runs, waits or is refused. */
  enter(nowMs: number): void {
    this.#sum(nowMs)
    this.#inFlight++
    this.#called = true
  }

  leave(nowMs: number): void {
    this.#sum(nowMs)
    this.#inFlight--
  }

  /** Takes another rule and another count at rest, by a deployment or by hand: a count of 0 lasts until the next call. */
  set(rule: ScaleRule, rest: number, count: number, nowMs: number): void {
    this.#rule = rule
    this.#state = { count, rest, busyMs: nowMs, needs: [{ atMs: nowMs, count }] }
    this.#called = false
  }

  /** The count at rest, for a call that finds no replica. */
  wake(nowMs: number): number {
    this.#state = { ...this.#state, count: Math.max(this.#state.rest, 1), busyMs: nowMs }
    return this.#state.count
  }

  /** How many replicas there are to be from now on, by the calls since the last time this was asked. */
  next(nowMs: number): number {
    this.#sum(nowMs)
    const spanMs = nowMs - this.#lookedMs
    const load = spanMs > 0 ? this.#callMs / spanMs : this.#inFlight
    this.#state = nextScale(this.#rule, this.#downAfterMs, this.#state, { nowMs, load, busy: this.#called || this.#inFlight > 0 })
    this.#lookedMs = nowMs
    this.#callMs = 0
    this.#called = false
    return this.#state.count
  }

  #sum(nowMs: number): void {
    this.#callMs += this.#inFlight * (nowMs - this.#changedMs)
    this.#changedMs = nowMs
  }
}
