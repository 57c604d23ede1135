import type { Log } from '../../shared/runtime/log.ts'

/** The time that schedules go by, the same for all trigger processes. */
export type Clock = {
  /** Reads the time anew if that was a while ago; rejects while nobody says it. */
  sync(): Promise<void>
  /** Ms since the epoch. To be asked after {@link sync}. */
  now(): number
}

type Options = {
  /** Asks the broker for its time, ms since the epoch. */
  readonly ask: () => Promise<number>
  /** What this machine's clock says. */
  readonly own: () => number
  /** Told at each reading how far this machine's clock is ahead of the broker's. */
  readonly onAhead: (seconds: number) => void
  readonly log: Log
}

const KEPT_MS = 1000
/** Beyond this a clock is not just asked a moment later. */
const OFF_SECONDS = 5

/**
 * The broker's clock, kept up between two readings by how much time has passed here. So machines whose clocks differ decide alike, and a clock
 * that is put forward or back while a process runs changes nothing. It is behind by as long as the broker's answer was on its way, never ahead.
 */
export class BrokerClock implements Clock {
  readonly #options: Options
  /** The broker's time when this process's monotonic clock was at zero. */
  #zeroMs = Number.NaN
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  #isOff = false

  constructor(options: Options) {
    this.#options = options
  }

  now(): number {
    return Math.floor(this.#zeroMs + performance.now())
  }

  sync(): Promise<void> {
    if (performance.now() - this.#readAt < KEPT_MS) return Promise.resolve()
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    const { ask, own, onAhead, log } = this.#options
    const brokerMs = await ask()
    this.#readAt = performance.now()
    this.#zeroMs = brokerMs - this.#readAt
    const seconds = (own() - brokerMs) / 1000
    onAhead(seconds)
    const isOff = Math.abs(seconds) > OFF_SECONDS
    if (isOff && !this.#isOff) log.warn({ seconds }, "this machine's clock is not the broker's: schedules go by the broker's")
    if (!isOff && this.#isOff) log.info({ seconds }, "this machine's clock is right again")
    this.#isOff = isOff
  }
}
