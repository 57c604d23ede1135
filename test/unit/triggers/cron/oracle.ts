/** What a wall clock shows. `weekday` 0 is Sunday, `month` 1 January. */
export type Wall = {
  readonly second: number
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  readonly weekday: number
}

/** Reads the wall clock of a zone, as Intl tells it: ms since the epoch as if the zone were UTC. */
function wallClock(timeZone: string): (atMs: number) => number {
  const two = '2-digit'
  const form = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
  })
  return (atMs) => {
    // 31/12/2026, 23:59:59
    const [, day, month, year, hour, minute, second] = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/.exec(form.format(atMs))!.map(Number)
    return Date.UTC(year!, month! - 1, day, hour, minute, second)
  }
}

/**
 * The times of a wall clock, a step apart, that show what is asked for, whatever zone the clock is in.
 * @param asked - each gets a list of its own, in order.
 */
export function shownTimes(fromMs: number, toMs: number, stepMs: number, asked: readonly ((wall: Wall) => boolean)[]): number[][] {
  const found: number[][] = asked.map(() => [])
  for (let wallMs = fromMs; wallMs < toMs; wallMs += stepMs) {
    const date = new Date(wallMs)
    const wall = {
      second: date.getUTCSeconds(),
      minute: date.getUTCMinutes(),
      hour: date.getUTCHours(),
      day: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      weekday: date.getUTCDay(),
    }
    asked.forEach((shows, i) => {
      if (shows(wall)) found[i]!.push(wallMs)
    })
  }
  return found
}

/** A stretch of time in which a clock is neither put forward nor back: it shows the time plus `offsetMs`. */
type Stretch = { readonly fromMs: number; readonly toMs: number; readonly offsetMs: number }

const HOUR = 3_600_000

/** A span of time as a zone's clock shows it. */
export class Reading {
  readonly fromMs: number
  readonly toMs: number
  readonly #stretches: readonly Stretch[]

  private constructor(fromMs: number, toMs: number, stretches: readonly Stretch[]) {
    this.fromMs = fromMs
    this.toMs = toMs
    this.#stretches = stretches
  }

  /** Reads the clock each hour, and where it has gone otherwise than the hour, finds out the second at which it was changed. */
  static of(timeZone: string, fromMs: number, toMs: number): Reading {
    const wall = wallClock(timeZone)
    const offset = (at: number) => wall(at) - at
    const stretches: Stretch[] = []
    let began = fromMs
    for (let at = fromMs; at < toMs; at += HOUR) {
      const next = Math.min(at + HOUR, toMs)
      if (offset(next) === offset(at)) continue
      let [before, after] = [at, next]
      while (after - before > 1000) {
        const middle = before + Math.floor((after - before) / 2000) * 1000
        if (offset(middle) === offset(at)) before = middle
        else after = middle
      }
      stretches.push({ fromMs: began, toMs: after, offsetMs: offset(at) })
      began = after
    }
    return new Reading(fromMs, toMs, [...stretches, { fromMs: began, toMs, offsetMs: offset(began) }])
  }

  /** A part of it. */
  part(fromMs: number, toMs: number): Reading {
    const cut = this.#stretches.map((one) => ({ ...one, fromMs: Math.max(one.fromMs, fromMs), toMs: Math.min(one.toMs, toMs) }))
    return new Reading(
      fromMs,
      toMs,
      cut.filter((one) => one.fromMs < one.toMs),
    )
  }

  /** When the clock was put forward or back, and by how much. */
  get changes(): { readonly at: number; readonly byMs: number }[] {
    return this.#stretches.slice(1).map(({ fromMs, offsetMs }, i) => ({ at: fromMs, byMs: offsetMs - this.#stretches[i]!.offsetMs }))
  }

  /** All that the clock shows, from its earliest time to its latest. */
  get shown(): { readonly fromMs: number; readonly toMs: number } {
    const all = this.#stretches
    return {
      fromMs: Math.min(...all.map((one) => one.fromMs + one.offsetMs)),
      toMs: Math.max(...all.map((one) => one.toMs + one.offsetMs)),
    }
  }

  /**
   * The instants at which the clock shows one of these times. A time `isFixed` counts once where the clock shows it twice, and where the
   * clock leaps over it, it counts at the end of the leap.
   */
  instants(times: readonly number[], isFixed: boolean): number[] {
    const found: number[] = []
    let shownUpTo = Number.NEGATIVE_INFINITY
    for (const { fromMs, toMs, offsetMs } of this.#stretches) {
      const [first, end] = [fromMs + offsetMs, toMs + offsetMs]
      const isLeapt = isFixed && times.some((time) => time >= shownUpTo && time < first) && shownUpTo > Number.NEGATIVE_INFINITY
      if (isLeapt && !times.includes(first)) found.push(fromMs)
      for (const time of times) if (time >= (isFixed ? Math.max(first, shownUpTo) : first) && time < end) found.push(time - offsetMs)
      shownUpTo = Math.max(shownUpTo, end)
    }
    return found
  }
}
