/** A value that stays the same for so long, while its holder should change it each second, belongs to a holder that is gone. */
const GONE_MS = 3000

/**
 * Tells by the observer's own clock which holders are alive: those whose value changed lately. Clocks of others are never compared,
 * and a value seen for the first time counts as alive until it has had its time.
 */
export class Beats {
  readonly #seen = new Map<string, { readonly value: number; readonly sinceMs: number }>()

  /** Notes a value; says whether its holder is alive. */
  note(key: string, value: number, nowMs: number): boolean {
    const before = this.#seen.get(key)
    if (before?.value === value) return nowMs - before.sinceMs < GONE_MS
    this.#seen.set(key, { value, sinceMs: nowMs })
    return true
  }

  /** Starts anew: nothing could be observed for a while, so nothing that stayed the same is proof. */
  forget(): void {
    this.#seen.clear()
  }
}
