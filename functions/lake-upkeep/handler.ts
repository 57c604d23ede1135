import { defineFunction, type FunctionApp } from '../../shared/runtime/function.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { scheduledRoute } from '../../shared/runtime/scheduled.ts'
import { type AuditSettings, auditOf } from './audit.ts'
import { type Kept, type UpkeepSettings, upkeepOf } from './upkeep.ts'

export const NAME = 'lake-upkeep'

type Settings = UpkeepSettings & {
  /** How long a call waits for its run: gateways take a function that is silent for longer for a dead one. */
  readonly answerMs: number
  /** The table that is held against its stream. */
  readonly audit: AuditSettings
}

const HOUR_MS = 3_600_000

/**
 * Looks after the tables of the lake at each instant of its schedule, and holds them against their stream; `GET /audit` says how they stand. One run goes on at a time, for as long as it needs: a call that comes meanwhile, or
 * has waited long enough, is answered, and what it wanted is done by that run or the next one.
 */
export function lakeUpkeep(tables: readonly Kept[], { answerMs, audit: auditSettings, ...settings }: Settings): FunctionApp {
  const registry = createMetrics(NAME)
  const log = createLog(NAME)
  const upkeep = upkeepOf(tables, settings, { registry, log })
  const audit = auditOf(auditSettings, { registry, log })
  let running: Promise<void> | undefined
  /** What is looked for by listing is looked for once an hour, or again where it was not done. */
  let isCleanUpDue = false
  /** Rows are counted once an hour; where the table stands against the stream, the log alone says. */
  let isCountDue = true

  const run = async () => {
    const clean = isCleanUpDue
    isCleanUpDue = false
    let isClean = false
    try {
      isClean = await upkeep(clean)
    } finally {
      isCleanUpDue ||= clean && !isClean
    }
    // Upkeep needs no broker: its run is done whether or not this can be.
    try {
      await audit(isCountDue)
      isCountDue = false
    } catch (error) {
      log.warn({ err: error }, 'the table could not be held against its stream')
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
    routes: (app) => {
      app.get('/audit', async (c) => c.json(await audit(c.req.query('exact') !== 'false')))
      scheduledRoute(app, NAME, '/', async ({ atMs }) => {
        const isHour = atMs % HOUR_MS === 0
        isCleanUpDue ||= isHour
        isCountDue ||= isHour
        const under = begun()
        const done = await Promise.race([
          under.then(() => true),
          new Promise<false>((resolve) => setTimeout(resolve, answerMs, false).unref()),
        ])
        if (!done) under.catch((error: unknown) => log.error({ err: error }, 'a run failed after its call was answered'))
      })
    },
  })
}
