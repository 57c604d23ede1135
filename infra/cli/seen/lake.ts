import { table } from '../table.ts'
import { mostOf, type Sample } from './exposition.ts'
import { timeOf } from './tables.ts'

/** How a table of the lake stands, as its upkeep told last; null where that is not known. */
export type LakeState = {
  readonly table: string
  readonly files: number | null
  readonly bytes: number | null
  readonly lagMessages: number | null
  readonly lagSeconds: number | null
  readonly lost: number | null
  readonly missing: number | null
  readonly double: number | null
  /** When it was held against its stream, ms. */
  readonly auditedAtMs: number | null
}

/** @param samples - the metrics of lake-upkeep. One state a table that it has looked after. */
export function lakeStates(samples: readonly Sample[]): LakeState[] {
  const tables = new Set(samples.flatMap(({ name, labels }) => (name.startsWith('lake_') && labels.table ? [labels.table] : [])))
  return [...tables].sort().map((name) => {
    const own = samples.filter(({ labels }) => labels.table === name)
    const of = (metric: string) => known(mostOf(own, metric))
    const auditedAt = of('lake_audit_success_timestamp_seconds')
    return {
      table: name,
      files: of('lake_table_files'),
      bytes: of('lake_table_bytes'),
      lagMessages: of('lake_audit_lag_messages'),
      lagSeconds: of('lake_audit_lag_seconds'),
      lost: of('lake_audit_lost_messages'),
      missing: of('lake_audit_missing_messages'),
      double: of('lake_audit_double_rows'),
      auditedAtMs: auditedAt === null ? null : auditedAt * 1000,
    }
  })
}

const known = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)

/** One line a table; none where there are none. */
export function lakeTable(lake: readonly LakeState[]): string[] {
  if (lake.length === 0) return []
  const text = (value: number | null, digits = 0) => value?.toLocaleString('en', { maximumFractionDigits: digits }) ?? '-'
  return table(
    ['lake', 'files', 'MB', 'behind', 'oldest', 'lost', 'missing', 'double', 'audited (UTC)'],
    lake.map((one) => [
      one.table,
      text(one.files),
      text(one.bytes === null ? null : one.bytes / 1e6, 1),
      text(one.lagMessages),
      one.lagSeconds === null ? '-' : `${text(one.lagSeconds, 1)} s`,
      text(one.lost),
      text(one.missing),
      text(one.double),
      timeOf(one.auditedAtMs),
    ]),
  )
}
