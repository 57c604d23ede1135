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
export function wallClock(timeZone: string): (atMs: number) => number {
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

const shownAt = (wallMs: number): Wall => {
  const date = new Date(wallMs)
  return {
    second: date.getUTCSeconds(),
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  }
}

/** A span of time read off a wall clock, each `stepMs` of it. */
export class Reading {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  readonly #walls: readonly number[]

  constructor(timeZone: string, fromMs: number, toMs: number, stepMs: number) {
    this.fromMs = fromMs
    this.toMs = toMs
    this.stepMs = stepMs
    const wall = wallClock(timeZone)
    this.#walls = Array.from({ length: (toMs - fromMs) / stepMs }, (_, i) => wall(fromMs + i * stepMs))
  }

  /** When the clock was put forward or back, and by how much. */
  get changes(): { readonly at: number; readonly byMs: number }[] {
    const byMs = (i: number) => (i === 0 ? 0 : this.#walls[i]! - this.#walls[i - 1]! - this.stepMs)
    return this.#walls.flatMap((_, i) => (byMs(i) === 0 ? [] : [{ at: this.fromMs + i * this.stepMs, byMs: byMs(i) }]))
  }

  /**
   * The instants at which the clock shows what is asked for. A time `isFixed` counts once where the clock shows it twice, and where the clock
   * leaps over it, it counts at the end of the leap.
   */
  instants(shows: (wall: Wall) => boolean, isFixed: boolean): number[] {
    const found: number[] = []
    let latest = this.#walls[0]! - this.stepMs
    this.#walls.forEach((wall, i) => {
      const isShown = shows(shownAt(wall))
      const isAgain = wall <= latest
      let isLeapt = false
      for (let left = latest + this.stepMs; left < wall; left += this.stepMs) isLeapt ||= shows(shownAt(left))
      if (isFixed ? (isShown && !isAgain) || isLeapt : isShown) found.push(this.fromMs + i * this.stepMs)
      latest = Math.max(latest, wall)
    })
    return found
  }
}
