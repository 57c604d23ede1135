import type { Instants } from './instants.ts'
import { type Ending, keptOf, MOST_WAITING, type ScheduleRecord } from './record.ts'
import type { Schedule } from './schedule.ts'
import { lookAt, type Turn, type TurnView, turn } from './turn.ts'

const MOST_COUNTED = 1000

/**
 * Goes over from one schedule of a function to another, at this moment: what the one before had due by now is decided by it. What it would
 * call and finds no room for waits; the other begins after now.
 * @param old - undefined where the schedule before is not understood any more.
 */
export function changed(
  before: ScheduleRecord,
  { of, old, next }: { readonly of: string; readonly old: Instants | undefined; readonly next: Instants },
  schedule: Schedule,
  view: TurnView,
): Turn {
  const { nowMs } = view
  const last: Turn = old ? turn(before, old, schedule, view) : { record: before, claimed: [], passed: [], lookAtMs: undefined }
  const waiting = [...last.record.waiting]
  let { until } = last.record
  for (let at = old?.next(until); at !== undefined && at <= nowMs && waiting.length < MOST_WAITING; at = old?.next(until)) {
    waiting.push(at)
    until = at
  }
  const left = old ? old.count(until, nowMs, MOST_COUNTED) : 0
  const letGo: readonly Ending[] = left > 0 ? [{ kind: 'missed', at: old!.newest(until, nowMs)!, count: left }] : []
  const record = { ...last.record, of, until: Math.max(until, nowMs), waiting, ended: keptOf(last.record, letGo) }
  return { record, claimed: last.claimed, passed: [...last.passed, ...letGo], lookAtMs: lookAt(record, next, nowMs) }
}
