import { type BarSettings, MINUTE } from './bar-settings.ts'

/** What the stored 1m rows of one symbol on one exchange tell, as seen from a version: `after`, the last message that cannot be read again. */
export type Trace = {
  readonly exchange: string
  readonly symbol: string
  /** The greatest version of all its rows, and the start of its newest minute. */
  readonly version: number
  readonly newestMs: number
  /** The newest trade of rows with a version <= `after`; null where there is none. */
  readonly seenMs: number | null
  /** The oldest minute with a version > `after`; null where there is none. */
  readonly aheadMs: number | null
  /** The same, of those that no trade corrected: such a minute was not yet final at `after`. */
  readonly openMs: number | null
}

/** What a symbol's state remembers of having been restored from rows. Stored with it. */
export type Past = {
  /** The rows reach up to this version: trades of restored minutes that they do not show were refused then. */
  readonly rowsTo: number
  /** The newest restored minute. */
  readonly newestMs: number
  /** Rows with versions up to this are part of the state, so larger bars are right only from there on. */
  readonly aheadTo: number
  /** All trades from this time on can be read again. */
  heldFromMs: number
}

/** What an earlier minute is marked with as handed on when some of its trades are gone for good: it never is, nor is any bar it is part of. */
export const LOST = Number.POSITIVE_INFINITY

const DAY = 86_400_000

/**
 * The rows that a symbol's state is restored from: minutes in [fromMs, heldFromMs) by their start.
 *
 * No trade that is gone is as new as heldFromMs: a minute that got a trade after `after`, none of its trades being a correction, was not final
 * then, so no trade before was `graceMs` beyond its end; and none was `futureMs` ahead of the broker.
 * @param brokerMs - the broker's time at `after`, or a later one.
 */
export function spanOf({ seenMs, aheadMs, openMs, newestMs }: Trace, brokerMs: number, { horizonMs, graceMs, futureMs }: BarSettings) {
  const oldest = Math.min(aheadMs ?? newestMs, seenMs ?? newestMs) - horizonMs
  const open = openMs === null ? Number.POSITIVE_INFINITY : openMs + MINUTE + graceMs
  // The day, because the largest bars that may still change are made of its minutes.
  return { fromMs: Math.max(0, oldest - (oldest % DAY)), heldFromMs: Math.min(open, brokerMs + futureMs + 1) }
}
