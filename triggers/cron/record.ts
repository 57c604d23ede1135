/** An instant that is claimed and not over. */
export type Run = {
  readonly at: number
  /** `called`: from just before the first call on. Whoever takes it over calls again, with the same key. */
  readonly state: 'claimed' | 'called'
  /** The trigger process that calls; null once it has given the run back. */
  readonly holder: string | null
  /** When its holder took it up. */
  readonly since: number
  /** Counted up each second by its holder, so that others see that it lives. */
  readonly beat: number
  readonly calls: number
  /** How often the function itself has failed. */
  readonly failures: number
  /** How often it was brought back from the dead letters. */
  readonly redriven?: number
}

/** What became of an instant, or of several that were let go: `count` of them up to `at` (1000 missed ones may stand for more). */
export type Ending =
  | { readonly kind: 'done'; readonly at: number; readonly calls: number; readonly endedAt: number }
  | { readonly kind: 'failed'; readonly at: number; readonly calls: number; readonly endedAt: number; readonly cause: string }
  | { readonly kind: 'missed' | 'overlapped'; readonly at: number; readonly count: number }

/**
 * All that is written down of one function's schedule, as one value of the control bucket under `cron.{function}`. Each change is compared
 * and set, so what is decided is decided once, by whichever process; nothing is left to clean up.
 */
export type ScheduleRecord = {
  /** The expression and the zone that `until` belongs to. */
  readonly of: string
  /** Every instant up to here has been decided: what is neither waiting nor open is over. */
  readonly until: number
  /** Instants that came in time and wait for the calls before them, oldest first. */
  readonly waiting: readonly number[]
  readonly open: readonly Run[]
  /** Of those that wait: the ones that were brought back from the dead letters, and how often. */
  readonly redriven?: readonly (readonly [at: number, times: number])[]
  /** The last endings, newest last. */
  readonly ended: readonly Ending[]
}

export const recordKey = (functionName: string): string => `cron.${functionName}`

const ENDINGS_KEPT = 10
/** A clock that was wrong by more than this, and was put right, must not silence the schedule. */
const CLOCK_WRONG_MS = 3_600_000

/** The record to go on with: a schedule that is new begins now. */
export function recordFor(of: string, found: ScheduleRecord | undefined, nowMs: number): ScheduleRecord {
  if (!found) return { of, until: nowMs, waiting: [], open: [], ended: [] }
  return found.until > nowMs + CLOCK_WRONG_MS ? { ...found, until: nowMs } : found
}

const withRun = (record: ScheduleRecord, at: number, holder: string, change: (run: Run) => Partial<Run>): ScheduleRecord | undefined => {
  const run = record.open.find((one) => one.at === at)
  if (run?.holder !== holder) return undefined
  return { ...record, open: record.open.map((one) => (one === run ? { ...run, ...change(run) } : one)) }
}

/** Just before a call. @returns undefined where the run is another's by now, or over. */
export const called = (record: ScheduleRecord, at: number, holder: string) =>
  withRun(record, at, holder, ({ calls }) => ({ state: 'called', calls: calls + 1 }))

/** The function failed, and the call is to be repeated. */
export const failedOnce = (record: ScheduleRecord, at: number, holder: string) =>
  withRun(record, at, holder, ({ failures }) => ({ failures: failures + 1 }))

/** The holder ends before it has a result: anybody may go on at once. */
export const givenBack = (record: ScheduleRecord, at: number, holder: string) => withRun(record, at, holder, () => ({ holder: null }))

/** The holder lives: counts up the runs it works on. */
export const beaten = (record: ScheduleRecord, holder: string, isUnderway: (at: number) => boolean): ScheduleRecord => {
  const isOwn = (run: Run) => run.holder === holder && isUnderway(run.at)
  if (!record.open.some(isOwn)) return record
  return { ...record, open: record.open.map((run) => (isOwn(run) ? { ...run, beat: run.beat + 1 } : run)) }
}

/**
 * A run is over. Done is done, whoever holds it by now; that it failed only its holder may say.
 * @returns undefined where it was over, or is another's to judge.
 */
export function over(record: ScheduleRecord, holder: string, ending: Ending & { kind: 'done' | 'failed' }): ScheduleRecord | undefined {
  const run = record.open.find(({ at }) => at === ending.at)
  if (!run || (ending.kind === 'failed' && run.holder !== holder)) return undefined
  return { ...record, open: record.open.filter((one) => one !== run), ended: keptOf(record, [ending]) }
}

export const keptOf = ({ ended }: ScheduleRecord, more: readonly Ending[]): readonly Ending[] => [...ended, ...more].slice(-ENDINGS_KEPT)

/** So many instants of a function may wait for calls. */
export const MOST_WAITING = 1000

/**
 * An instant is brought back from the dead letters: it waits for a call as those do that came in time.
 * @returns undefined where it is waiting or being called already; a text that says why it cannot be.
 */
export function broughtBack(record: ScheduleRecord, at: number, times: number): ScheduleRecord | string | undefined {
  const { waiting, open, redriven = [] } = record
  if (waiting.includes(at) || open.some((run) => run.at === at)) return undefined
  if (waiting.length >= MOST_WAITING) return `${MOST_WAITING} instants of this function wait already`
  return { ...record, waiting: [...waiting, at].sort((a, b) => a - b), redriven: [...redriven, [at, times]] }
}
