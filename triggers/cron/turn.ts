import type { Instants } from './instants.ts'
import { type Ending, keptOf, MOST_WAITING, type Run, type ScheduleRecord } from './record.ts'
import type { Schedule } from './schedule.ts'

/** An instant that nobody has taken up is missed when the next has come, or when it is so late. */
const LATE_MS = 60_000
/** Most calls of one schedule at a time, where they may overlap at all. */
export const MOST_CALLS = 8
const MOST_COUNTED = 1000
const LOOK_MS = 1000

export type TurnView = {
  readonly nowMs: number
  /** The process that looks. */
  readonly holder: string
  /** Since when it has looked without a gap: of what came before it cannot say that a call was in the way. */
  readonly watchedSince: number
  /** Whether nobody works on a run any more. */
  readonly isGone: (run: Run) => boolean
}

export type Turn = {
  readonly record: ScheduleRecord
  /** Runs that are the looking process's from here on, if its record is the one that is written. */
  readonly claimed: readonly number[]
  /** Instants that were let go. */
  readonly passed: readonly Ending[]
  /** When to look again at the latest; undefined if nothing will come. */
  readonly lookAtMs: number | undefined
}

/**
 * What one look at the record and the clock decides: takes over what nobody works on, claims what is due, lets go what the policies let go.
 * Nothing of it counts until the record is written over the one it was made from.
 */
export function turn(
  before: ScheduleRecord,
  instants: Instants,
  { missed, overlap }: Schedule,
  { nowMs, holder, watchedSince, isGone }: TurnView,
): Turn {
  const room = overlap === 'allow' ? MOST_CALLS : 1
  const gone = before.open.filter(isGone)
  const open = before.open.map((run) => (gone.includes(run) ? { ...run, holder, since: nowMs } : run))
  const claimed = gone.map(({ at }) => at)
  const waiting = [...before.waiting]
  const passed: Ending[] = []
  const letPass = (kind: 'missed' | 'overlapped', at: number, count: number) => {
    const last = passed.at(-1)
    if (last?.kind === kind) passed[passed.length - 1] = { kind, at, count: last.count + count }
    else passed.push({ kind, at, count })
  }
  const { redriven } = before
  let { until } = before

  const claim = (at: number) => {
    const times = redriven?.find(([one]) => one === at)?.[1]
    open.push({
      at,
      state: 'claimed',
      holder,
      since: nowMs,
      beat: 0,
      calls: 0,
      failures: 0,
      ...(times !== undefined && { redriven: times }),
    })
    claimed.push(at)
  }
  while (open.length < room && waiting.length > 0) claim(waiting.shift()!)

  /** Decides over the next instant that is due; false when there is none, or it has to wait until there is room. */
  const decide = (): boolean => {
    const first = instants.next(until)
    if (first === undefined || first > nowMs) return false
    const second = instants.next(first)
    const newest = second === undefined || second > nowMs ? first : instants.newest(second - 1, nowMs)!
    // Each is called where all are wanted; else the newest stands for those before it.
    const candidate = missed === 'all' ? first : newest
    const letGo = missed === 'skip' && nowMs - newest > LATE_MS ? newest : candidate - 1
    if (first <= letGo) {
      letPass('missed', instants.newest(until, letGo)!, instants.count(until, letGo, MOST_COUNTED))
      until = letGo
    }
    if (letGo >= candidate) return true
    if (open.length < room) claim(candidate)
    // What was due before the calls under way began is no overlap: it stays where it is until there is room.
    else if (candidate < watchedSince || !open.some(({ since }) => since <= candidate)) return false
    else if (overlap === 'skip' || waiting.length >= MOST_WAITING) letPass('overlapped', candidate, 1)
    else waiting.push(candidate)
    until = candidate
    return true
  }
  for (let goesOn = true; goesOn; ) goesOn = decide()

  const isSame = claimed.length === 0 && passed.length === 0 && until === before.until
  const left = redriven?.filter(([at]) => waiting.includes(at))
  const record = isSame ? before : { ...before, until, waiting, open, ended: keptOf(before, passed), ...(left && { redriven: left }) }
  return { record, claimed, passed, lookAtMs: lookAt(record, instants, nowMs) }
}

/** When to look again at the latest. */
export function lookAt({ until, open, waiting }: ScheduleRecord, instants: Instants, nowMs: number): number | undefined {
  const next = instants.next(Math.max(until, nowMs))
  const isBusy = open.length > 0 || waiting.length > 0
  return isBusy ? Math.min(next ?? Number.POSITIVE_INFINITY, nowMs + LOOK_MS) : next
}
