import { gaugeOf, rejectedTicks } from '../../shared/runtime/metrics.ts'
import { Counter, Gauge, Histogram, type Registry } from '../../shared/runtime/prometheus.ts'
import type { Made } from './draft.ts'

const SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60]

/** A commit that is done; without a version where its rows had been committed before. */
type Commit = { readonly version: number | undefined; readonly conflicts: number; readonly rows: number; readonly made: readonly Made[] }

export type LakeMetrics = ReturnType<typeof lakeMetrics>

/** What flush-batch counts. Rows count once they are in the table. */
export function lakeMetrics(registry: Registry, waiting: () => number) {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const rows = counter('lake_rows_total', 'Rows committed')
  const files = counter('lake_files_total', 'Files committed')
  const bytes = counter('lake_file_bytes_total', 'Bytes of the files committed')
  const commits = counter('lake_commits_total', 'Commits')
  const conflicts = counter('lake_conflicts_total', 'Commits that another writer was quicker than, and that were planned anew')
  const failures = counter('lake_failures_total', 'Tries to commit that failed')
  const rejected = rejectedTicks(registry)
  const seconds = new Histogram({ name: 'lake_commit_seconds', help: 'From a full batch to its commit', buckets: SECONDS, registers })
  const version = new Gauge({ name: 'lake_table_version', help: 'The last version committed here', registers })
  gaugeOf(registry, 'lake_waiting_rows', 'Rows taken that are not in the table yet', waiting)
  return {
    rejected: (code: string) => rejected.inc({ code }),
    failed: () => failures.inc(),
    committed(commit: Commit, tookSeconds: number) {
      conflicts.inc(commit.conflicts)
      seconds.observe(tookSeconds)
      if (commit.version === undefined) return
      const { made } = commit
      commits.inc()
      version.set(commit.version)
      rows.inc(commit.rows)
      files.inc(made.length)
      bytes.inc(made.reduce((sum, one) => sum + one.bytes.length, 0))
    },
  }
}
