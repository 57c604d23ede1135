import { Counter, Gauge } from 'prom-client'
import type { Table } from '../../shared/delta/table.ts'
import { defineFunction, type FunctionApp } from '../../shared/runtime/function.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { createMetrics } from '../../shared/runtime/metrics.ts'
import { scheduledRoute } from '../../shared/runtime/scheduled.ts'

export const NAME = 'lake-upkeep'

/** A table to look after, and what its rows are sorted by. */
export type Kept = { readonly table: Table; readonly sortBy: readonly string[] }

type Settings = {
  /** What a file should hold once it is rewritten. */
  readonly targetBytes: number
  /** Commits between checkpoints: what a reader has to read one by one. */
  readonly checkpointEvery: number
  /** How long one run may go on: what it has not come to, the next one does. */
  readonly mostMs: number
}

/** Small files of a partition that are worth a rewrite before the hour is over. */
const WORTH_FILES = 10
const HOUR_MS = 3_600_000

/**
 * Keeps tables healthy: checkpoints, small files rewritten into few sorted ones, and once an hour also the last of them, files that no version needs, and
 * what of the log is past its retention. Each step is a commit or a deletion of its own: cut short anywhere, the next run goes on; beside a writer, or
 * another run of itself, it is the one that gives up.
 */
export function lakeUpkeep(tables: readonly Kept[], { targetBytes, checkpointEvery, mostMs }: Settings): FunctionApp {
  const metrics = createMetrics(NAME)
  const registers = [metrics]
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: ['table'], registers })
  const rewritten = counter('lake_files_rewritten_total', 'Small files rewritten into larger ones')
  const deleted = counter('lake_files_deleted_total', 'Data files deleted that no version needs')
  const cleaned = counter('lake_log_files_deleted_total', 'Files of the log deleted')
  const checkpoints = counter('lake_checkpoints_total', 'Checkpoints written')
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['table'], registers })
  const files = gauge('lake_table_files', 'Files of the table')
  const bytes = gauge('lake_table_bytes', 'Bytes of the table')
  const log = createLog(NAME)

  const keep = async ({ table, sortBy }: Kept, atMs: number, untilMs: number): Promise<void> => {
    const name = { table: table.spec.key }
    if ((await table.snapshot()).version < 0) return
    if ((await table.checkpoint(checkpointEvery)) !== undefined) checkpoints.inc(name)
    const isHour = atMs % HOUR_MS === 0
    const optimized = await table.optimize({ targetBytes, sortBy, untilMs, leastFiles: isHour ? 2 : WORTH_FILES })
    rewritten.inc(name, optimized.removed)
    if (isHour && Date.now() < untilMs) {
      deleted.inc(name, (await table.vacuum(untilMs)).deleted)
      cleaned.inc(name, await table.cleanUpLog())
    }
    const { files: live, version } = await table.snapshot()
    const size = [...live.values()].reduce((sum, file) => sum + file.size, 0)
    files.set(name, live.size)
    bytes.set(name, size)
    log.info({ ...name, version, files: live.size, bytes: size, ...optimized }, 'table looked after')
  }

  return defineFunction({
    name: NAME,
    metrics,
    routes: (app) =>
      scheduledRoute(app, NAME, '/', async ({ atMs }) => {
        const untilMs = Date.now() + mostMs
        for (const one of tables) await keep(one, atMs, untilMs)
      }),
  })
}
