import type { ScaleRule } from './scale-rule.ts'

/** What the next decision is made from. */
export type ScaleState = {
  /** How many replicas are wanted now. */
  readonly count: number
  /** How many there are at rest: the least by label, or as many as were asked for by hand. */
  readonly rest: number
  /** When there last was a call, in flight or waiting. */
  readonly busyMs: number
  /** What was needed lately: times ascend, counts descend, so the first one is the most that was needed since. */
  readonly needs: readonly { readonly atMs: number; readonly count: number }[]
}

/** What was seen since the last decision: the mean number of calls in flight or waiting, and whether there was any call at all. */
export type Seen = { readonly nowMs: number; readonly load: number; readonly busy: boolean }

/**
 * Decides how many replicas a function is to have: more at once when calls need them, fewer only when none of the last `downAfterMs` needed
 * as many, none at all after `zeroAfterMs` without a call. A function at rest has what was asked for by hand; one without replicas stays so
 * until a call wakes it.
 */
export function nextScale(rule: ScaleRule, downAfterMs: number, state: ScaleState, { nowMs, load, busy }: Seen): ScaleState {
  const rest = Math.min(Math.max(state.rest, rule.min), rule.max)
  const need = Math.min(Math.max(Math.ceil(load / rule.target), rest), rule.max)
  const recent = state.needs.filter(({ atMs, count }) => atMs > nowMs - downAfterMs && count > need)
  const needs = [...recent, { atMs: nowMs, count: need }]
  const busyMs = busy ? nowMs : state.busyMs
  if (!busy && (state.count === 0 || isIdle(rule, busyMs, nowMs))) return { count: 0, rest, busyMs, needs: [] }
  const count = Math.min(Math.max(needs[0]!.count, rest), rule.max)
  return { count, rest, busyMs, needs }
}

const isIdle = ({ zeroAfterMs }: ScaleRule, busyMs: number, nowMs: number) => zeroAfterMs !== null && nowMs - busyMs >= zeroAfterMs
