import { Cron } from 'croner'

/** The instants of a schedule, in ms since the epoch. */
export type Instants = {
  /** The first after a time; undefined if none ever comes. */
  next(afterMs: number): number | undefined
  /** The last of those after `afterMs` and not after `untilMs`. */
  newest(afterMs: number, untilMs: number): number | undefined
  /** How many those are, counted up to `most`. */
  count(afterMs: number, untilMs: number, most: number): number
}

/**
 * Reads a cron expression: five fields, six with seconds before them, or a nickname such as `@daily`.
 *
 * Where clocks change, as in Vixie cron: a schedule with neither `*` nor a step in its seconds, minutes and hours has one instant for a time
 * that comes twice (the first), and for a time that does not exist the moment after the gap. Any other goes by the clock on the wall.
 * @throws {Error} saying what is wrong with expression or zone.
 */
export function instantsOf(expression: string, timeZone: string): Instants {
  // With a colon it would be taken for a date.
  if (expression.includes(':')) throw new Error('expected five or six fields')
  const cron = new Cron(expression, { timezone: timeZone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' })
  const next = (afterMs: number) => cron.nextRun(new Date(afterMs))?.getTime()
  return {
    next,
    newest(afterMs, untilMs) {
      let found = next(afterMs)
      if (found === undefined || found > untilMs) return undefined
      // Halves what may hold a later one: far fewer steps than there may be instants.
      for (let end = untilMs; end - found >= 1000; ) {
        const middle = Math.floor((found + end) / 2)
        const later = next(middle)
        if (later !== undefined && later <= untilMs) found = later
        else end = middle
      }
      return found
    },
    count(afterMs, untilMs, most) {
      let count = 0
      for (let at = next(afterMs); at !== undefined && at <= untilMs && count < most; at = next(at)) count++
      return count
    },
  }
}

/** How a schedule is written down: expression and zone in one text. */
export const scheduleText = (expression: string, timeZone: string): string => `${expression} ${timeZone}`

/** The instants of a schedule that was written down; undefined where it is not understood any more. */
export function instantsIn(text: string): Instants | undefined {
  const blank = text.lastIndexOf(' ')
  try {
    return instantsOf(text.slice(0, blank), text.slice(blank + 1))
  } catch {
    return undefined
  }
}
