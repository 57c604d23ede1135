import { countWanted } from '../../shared/delta/bins.ts'
import type { Table } from '../../shared/delta/table.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { Counter, Gauge, type Registry } from '../../shared/runtime/prometheus.ts'

/** A table to look after, and what its rows are sorted by. */
export type Kept = { readonly table: Table; readonly sortBy: readonly string[] }

export type UpkeepSettings = {
  /** What a file should hold once it is rewritten. */
  readonly targetBytes: number
  /** Commits between checkpoints: what a reader has to read one by one. */
  readonly checkpointEvery: number
  /** How long one run may go on: what it has not come to, the next one does. */
  readonly mostMs: number
  readonly nowMs?: () => number
}

/** Which of the two it came to the end of. */
type Came = { readonly isClean: boolean; readonly isDone: boolean }

/** A partition that got no rows for so long is rewritten as a whole. */
const QUIET_MS = 3_600_000

/**
 * Keeps tables healthy: checkpoints, small files rewritten into few sorted ones, and where it is wanted files that no version needs, and what of the log is
 * past its retention. Each step is a commit or a deletion of its own: cut short anywhere, the next run goes on; beside a writer, or another run of
 * itself, it is the one that gives up.
 * @returns a run over all tables; `clean`: with what needs a list of all files. It says whether it came to the end of those.
 */
export function upkeepOf(
  tables: readonly Kept[],
  { targetBytes, checkpointEvery, mostMs, nowMs = Date.now }: UpkeepSettings,
  { registry, log }: { readonly registry: Registry; readonly log: Log },
): (clean: boolean) => Promise<boolean> {
  const metrics = upkeepMetrics(registry)

  const keep = async ({ table, sortBy }: Kept, clean: boolean, untilMs: number): Promise<Came> => {
    const name = { table: table.spec.key }
    if ((await table.snapshot()).version < 0) return { isClean: true, isDone: true }
    if ((await table.checkpoint(checkpointEvery)) !== undefined) metrics.checkpoints.inc(name)
    let isClean = true
    // First: where rewriting never comes to its end, this would never have its turn.
    if (clean) {
      const vacuumed = await table.vacuum(untilMs)
      metrics.deleted.inc(name, vacuumed.deleted)
      const cleaned = await table.cleanUpLog(untilMs)
      metrics.cleaned.inc(name, cleaned.deleted)
      isClean = vacuumed.done && cleaned.done
    }
    const wanted = { targetBytes, sortBy, writtenSinceMs: nowMs() - QUIET_MS }
    const optimized = await table.optimize({ ...wanted, untilMs })
    metrics.rewritten.inc(name, optimized.removed)
    metrics.rewrittenBytes.inc(name, optimized.bytes)
    const { files, version } = await table.snapshot()
    const size = [...files.values()].reduce((sum, file) => sum + file.size, 0)
    metrics.files.set(name, files.size)
    metrics.bytes.set(name, size)
    metrics.waiting.set(name, countWanted(files.values(), wanted))
    log.info({ ...name, version, files: files.size, bytes: size, optimized }, 'table looked after')
    return { isClean, isDone: optimized.done }
  }

  return async (clean) => {
    const started = performance.now()
    const untilMs = Date.now() + mostMs
    try {
      const came: Came[] = []
      for (const one of tables) came.push(await keep(one, clean, untilMs))
      const [isClean, isDone] = [came.every((one) => one.isClean), came.every((one) => one.isDone)]
      metrics.runs.inc({ outcome: isClean && isDone ? 'done' : 'cut' })
      metrics.succeeded.set(Date.now() / 1000)
      return isClean
    } catch (error) {
      metrics.runs.inc({ outcome: 'failed' })
      throw error
    } finally {
      metrics.seconds.inc((performance.now() - started) / 1000)
    }
  }
}

function upkeepMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['table'] as const
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers })
  const runs = new Counter({ name: 'lake_upkeep_runs_total', help: 'Runs, by what they came to', labelNames: ['outcome'], registers })
  // Who asks for increases would not see the first one otherwise.
  for (const outcome of ['done', 'cut', 'failed']) runs.inc({ outcome }, 0)
  return {
    runs,
    seconds: new Counter({ name: 'lake_upkeep_seconds_total', help: 'Time that runs took', registers }),
    succeeded: new Gauge({ name: 'lake_upkeep_success_timestamp_seconds', help: 'When a run last came to its end', registers }),
    rewritten: counter('lake_files_rewritten_total', 'Small files rewritten into larger ones'),
    rewrittenBytes: counter('lake_rewritten_bytes_total', 'Bytes of the files rewritten'),
    deleted: counter('lake_files_deleted_total', 'Data files deleted that no version needs'),
    cleaned: counter('lake_log_files_deleted_total', 'Files of the log deleted'),
    checkpoints: counter('lake_checkpoints_total', 'Checkpoints written'),
    files: gauge('lake_table_files', 'Files of the table'),
    bytes: gauge('lake_table_bytes', 'Bytes of the table'),
    waiting: gauge('lake_files_waiting', 'Files that are worth a rewrite and were not come to'),
  }
}
