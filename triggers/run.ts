import { type AckedDeps, runAcked } from './acked/run.ts'
import { type PositionedDeps, runPositioned } from './positioned/run.ts'
import type { Running } from './running.ts'
import type { Trigger } from './trigger.ts'

/**
 * Delivers a function's stream in the way its annotations ask for.
 * @param listedMs - when the functions were last asked for before this trigger was found.
 * @param after - settles when the same function's trigger before this one has ended.
 */
export const runTrigger = (deps: PositionedDeps & AckedDeps, trigger: Trigger, listedMs: number, after?: Promise<void>): Running =>
  trigger.delivery === 'acked' ? runAcked(deps, trigger, listedMs, after) : runPositioned(deps, trigger, after)
