/** Bursts of so much of a second's worth, so that repeats still go in batches. */
const BURST_S = 0.1
/** Beneath this nothing is a storm, and what was never measured is taken to be it. */
const LEAST_PER_SECOND = 10
/** How far back the steady rate looks. */
const MEMORY_S = 20
/** An outage shorter than this is none: one call that failed between others. */
const OUTAGE_MS = 1000
/** After an outage what was held back goes through: for so long at most, that is no measure of what is steady. */
const AFTERMATH_MS = 60_000

/**
 * How fast messages may be sent again: no faster than the function took messages before it was away, so that what comes back after an outage
 * is not met by a storm. Pure: times are given.
 */
export class Pace {
  readonly #least: number
  #perSecond: number
  #weight = 0
  #tokens = 0
  #filledMs = 0
  #settled = 0
  #measuredMs: number | undefined
  #awaySinceMs: number | undefined
  #aftermathUntilMs = Number.NEGATIVE_INFINITY

  /** @param least - messages a second that are allowed whatever was measured. @param known - what an earlier process measured. */
  constructor(least = LEAST_PER_SECOND, known?: number) {
    this.#least = Math.max(least, LEAST_PER_SECOND)
    this.#perSecond = known ?? 0
    this.#weight = known === undefined ? 0 : 1
    this.#tokens = this.#burst
  }

  /** Messages settled a second, as it was while all was well; undefined before anything was measured. */
  get steady(): number | undefined {
    return this.#weight > 0 ? this.#perSecond : undefined
  }

  /** Messages were settled that were not held back: those are what is steady. */
  settled(count: number): void {
    this.#settled += count
  }

  /** The function is away, or was when it was asked last. */
  away(nowMs: number): void {
    this.#awaySinceMs ??= nowMs
  }

  /** The function answers. */
  back(nowMs: number): void {
    if (this.#awaySinceMs !== undefined && nowMs - this.#awaySinceMs >= OUTAGE_MS) this.#aftermathUntilMs = nowMs + AFTERMATH_MS
    this.#awaySinceMs = undefined
  }

  /** The server delivers again what somebody had in hand: a trigger process or the server itself was away. */
  redelivered(nowMs: number): void {
    // What is steady must be looked at now and then, or one that comes again and again would never let it be known.
    if (this.#weight > 0 && nowMs > this.#aftermathUntilMs + 1000 * MEMORY_S) this.#aftermathUntilMs = nowMs + AFTERMATH_MS
  }

  /** Called about once a second. @param isClear - nothing waits to be sent again. */
  measure(nowMs: number, isClear: boolean): void {
    if (isClear) this.#aftermathUntilMs = Math.min(this.#aftermathUntilMs, nowMs)
    const seconds = (nowMs - (this.#measuredMs ?? nowMs)) / 1000
    const count = this.#settled
    this.#measuredMs = nowMs
    this.#settled = 0
    // A second without a message says nothing of how fast the function takes them.
    if (seconds <= 0 || count === 0 || this.#awaySinceMs !== undefined || nowMs < this.#aftermathUntilMs) return
    this.#fill(nowMs)
    // Weighted, so that the first second counts for itself and not as one of twenty.
    const kept = Math.exp(-seconds / MEMORY_S)
    const weight = this.#weight * kept + (1 - kept)
    this.#perSecond = (this.#perSecond * this.#weight * kept + (count / seconds) * (1 - kept)) / weight
    this.#weight = weight
  }

  /** How many of `wanted` messages may be sent again now: none, until as many may go as make a fair batch. */
  allowance(nowMs: number, wanted: number): number {
    this.#fill(nowMs)
    const fair = Math.min(wanted, Math.floor(this.#burst))
    return this.#tokens >= fair ? Math.min(wanted, Math.floor(this.#tokens)) : 0
  }

  /** How long until {@link allowance} gives some. */
  waitMs(nowMs: number, wanted: number): number {
    this.#fill(nowMs)
    const fair = Math.min(wanted, Math.floor(this.#burst))
    return Math.max(0, ((fair - this.#tokens) / this.#rate) * 1000)
  }

  spend(count: number): void {
    this.#tokens -= count
  }

  get #rate(): number {
    return this.#weight > 0 ? Math.max(this.#perSecond, LEAST_PER_SECOND) : this.#least
  }

  get #burst(): number {
    return Math.max(1, this.#rate * BURST_S)
  }

  #fill(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.#filledMs) / 1000
    this.#filledMs = nowMs
    this.#tokens = Math.min(this.#burst, this.#tokens + seconds * this.#rate)
  }
}
