import type { Failure } from '../../shared/contract/acked.ts'
import { backoffMs } from '../positioned/backoff.ts'
import type { Item } from './item.ts'
import type { Outcome, Rules } from './step.ts'

/** What becomes of one message of a call. */
export type Verdict =
  | { readonly kind: 'settled' }
  | { readonly kind: 'again'; readonly dueMs: number; readonly paced: boolean }
  | { readonly kind: 'dead'; readonly code: string; readonly error: string }

type Context = {
  readonly rules: Rules
  /** Calls that have succeeded so far. */
  readonly successes: number
  /** Others got through since these could not be delivered: then it is their doing. */
  readonly isAlone: boolean
  readonly nowMs: number
  readonly jitter: number
}

const SETTLED: Verdict = { kind: 'settled' }
/** Codes by which a function says that something it needs is away: no message's doing. */
const NOT_COUNTED = new Set(['ERR_UNAVAILABLE', 'ERR_OUTBOX_FULL'])
/** A function's own codes may be anything that looks like one. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/

/**
 * Says for each message of a call, in their order, what becomes of it, and counts it on the message. Messages that failed together are cut in two, each half
 * under a suspicion of its own, until the one at fault is alone: only a message alone is ever given up for what a whole call came to.
 */
export function judge<C>(items: readonly Item<C>[], outcome: Outcome, context: Context): Verdict[] {
  if (outcome.kind === 'done') return items.map(() => SETTLED)
  if (outcome.kind === 'partly') return partly(items, outcome.failures, context)
  if (outcome.kind === 'refused') return refused(items, outcome.cause, context)
  if (outcome.kind === 'failed') return failed(items, outcome.cause, outcome.afterMs, context)
  return away(items, outcome, context)
}

function partly<C>(items: readonly Item<C>[], failures: readonly Failure[], context: Context): Verdict[] {
  const byIndex = new Map(failures.map((failure) => [failure.index, failure]))
  /** Of each key the first that failed: whether all behind it come again, and whether it failed because something is away. */
  const heads = new Map<string, { holdsAll: boolean; readonly isAway: boolean }>()
  const verdicts = items.map((item, index): Verdict => {
    const failure = byIndex.get(index)
    item.suspicion = undefined
    const head = item.key === undefined ? undefined : heads.get(item.key)
    // It was too early, whatever the function says. Nothing is wrong with it: it waits for those before it, and has no pause or attempt of its own.
    if (head && failure?.retry !== false && (failure || head.holdsAll)) {
      head.holdsAll = true
      return { kind: 'again', dueMs: context.nowMs, paced: item.paced || head.isAway }
    }
    if (!failure) return SETTLED
    const verdict = afterFailure(item, failure, context)
    const { retry, code = '' } = failure
    if (retry && item.key !== undefined) heads.set(item.key, { holdsAll: verdict.kind === 'again', isAway: NOT_COUNTED.has(code) })
    return verdict
  })
  // Nothing got through, of several keys: that is an outage, though it is told message by message.
  const isOutage = heads.size > 1 && verdicts.every(({ kind }) => kind === 'again')
  return isOutage ? verdicts.map((verdict) => ({ ...verdict, paced: true })) : verdicts
}

function afterFailure<C>(item: Item<C>, { code = 'FAILED', error = '', retry }: Failure, context: Context): Verdict {
  const { rules } = context
  const own = CODE.test(code) ? { code, error } : { code: 'FAILED', error: `${code} ${error}` }
  if (!retry) {
    item.attempts++
    return { kind: 'dead', ...own }
  }
  if (NOT_COUNTED.has(code)) return again(context, pause(context, item.alone++))
  if (++item.attempts >= rules.maxAttempts) return { kind: 'dead', ...own }
  return again(context, pause(context, item.attempts - 1))
}

/** For good, so the halves need not wait; and a function that is quick to refuse is not one that must be spared. */
function refused<C>(items: readonly Item<C>[], cause: string, { nowMs }: Context): Verdict[] {
  for (const item of items) item.attempts++
  if (items.length === 1) return [{ kind: 'dead', code: 'FAILED', error: cause }]
  halve(items)
  return items.map(() => ({ kind: 'again', dueMs: nowMs, paced: false }))
}

function failed<C>(items: readonly Item<C>[], cause: string, afterMs: number, context: Context): Verdict[] {
  const { maxAttempts } = context.rules
  const attempts = items.reduce((most, item) => Math.max(most, ++item.attempts), 0)
  if (items.length === 1 && attempts >= maxAttempts) return [{ kind: 'dead', code: 'FAILED', error: cause }]
  // Once may be an accident; twice in a row one of them is at fault.
  if (items.length > 1 && attempts >= Math.min(2, maxAttempts)) halve(items)
  const verdict = again(context, Math.max(afterMs, pause(context, attempts - 1)))
  return items.map(() => verdict)
}

function away<C>(items: readonly Item<C>[], outcome: Extract<Outcome, { kind: 'away' }>, context: Context): Verdict[] {
  const { successes, isAlone } = context
  for (const item of items) item.awayAt = successes
  // Others get through, and these break it off every time: such as a message that kills its replica.
  if (isAlone && outcome.suspect) return failed(items, outcome.cause, outcome.afterMs, context)
  const alone = items.reduce((most, item) => Math.max(most, isAlone ? ++item.alone : item.alone), 0)
  // While nobody gets through, the pause is the function's, not the message's.
  const verdict = again(context, Math.max(outcome.afterMs, isAlone ? pause(context, alone - 1) : 0))
  return items.map(() => verdict)
}

function halve<C>(items: readonly Item<C>[]): void {
  const middle = items.length >> 1
  const [first, second] = [{}, {}]
  items.forEach((item, i) => {
    item.suspicion = i < middle ? first : second
  })
}

const again = ({ nowMs }: Context, pauseMs: number): Verdict => ({ kind: 'again', dueMs: nowMs + pauseMs, paced: true })

const pause = ({ rules, jitter }: Context, tries: number): number => backoffMs(tries, jitter, rules.backoffMostMs, rules.backoffMs)
