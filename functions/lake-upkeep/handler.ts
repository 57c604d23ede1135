import { defineFunction, type FunctionApp } from '../../shared/runtime/function.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { scheduledRoute } from '../../shared/runtime/scheduled.ts'
import { type Kept, type UpkeepSettings, upkeepOf } from './upkeep.ts'

export const NAME = 'lake-upkeep'

type Settings = UpkeepSettings & {
  /** How long a call waits for its run: gateways take a function that is silent for longer for a dead one. */
  readonly answerMs: number
}

const HOUR_MS = 3_600_000

/**
 * Looks after the tables of the lake at each instant of its schedule. One run goes on at a time, for as long as it needs: a call that comes meanwhile, or
 * has waited long enough, is answered, and what it wanted is done by that run or the next one.
 */
export function lakeUpkeep(tables: readonly Kept[], { answerMs, ...settings }: Settings): FunctionApp {
  const registry = createMetrics(NAME)
  const log = createLog(NAME)
  const upkeep = upkeepOf(tables, settings, { registry, log })
  let running: Promise<void> | undefined
  /** What is looked for by listing is looked for once an hour, or again where it was not done. */
  let isCleanUpDue = false

  const run = async () => {
    const clean = isCleanUpDue
    isCleanUpDue = false
    let isClean = false
    try {
      isClean = await upkeep(clean)
    } finally {
      isCleanUpDue ||= clean && !isClean
    }
  }
  const begun = () => {
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }

  return defineFunction({
    name: NAME,
    metrics: registry,
    routes: (app) =>
      scheduledRoute(app, NAME, '/', async ({ atMs }) => {
        isCleanUpDue ||= atMs % HOUR_MS === 0
        const under = begun()
        const done = await Promise.race([
          under.then(() => true),
          new Promise<false>((resolve) => setTimeout(resolve, answerMs, false).unref()),
        ])
        if (!done) under.catch((error: unknown) => log.error({ err: error }, 'a run failed after its call was answered'))
      }),
  })
}
