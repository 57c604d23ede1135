import { type Audit, type AuditOptions, auditTicks } from '../../shared/lake/audit/audit.ts'
import type { Log } from '../../shared/runtime/log.ts'
import { Counter, Gauge, type Registry } from '../../shared/runtime/prometheus.ts'

export type AuditSettings = Omit<AuditOptions, 'untilMs'> & {
  /** How long rows are counted. */
  readonly mostMs: number
}

/**
 * Holds the table against its stream and tells what came of it as metrics and, where something is wrong, in the log. What is not known is NaN there.
 * @returns an audit; `exact`: with rows counted.
 */
export function auditOf({ mostMs, ...options }: AuditSettings, { registry, log }: { readonly registry: Registry; readonly log: Log }) {
  const metrics = auditMetrics(registry)
  return async (exact: boolean): Promise<Audit> => {
    try {
      const audit = await auditTicks({ ...options, untilMs: Date.now() + mostMs }, exact)
      metrics.tell(audit)
      const { table, version, stream, counts, faults, notKnown } = audit
      if (faults.length > 0) log.error({ table, version, stream, counts, faults, notKnown }, 'the table is not whole')
      return audit
    } catch (error) {
      metrics.failed(options.table.spec.key)
      throw error
    }
  }
}

function auditMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['table'] as const
  const gauge = (name: string, help: string) => new Gauge({ name: `lake_audit_${name}`, help, labelNames, registers })
  const lagMessages = gauge('lag_messages', 'Messages of the stream that are not committed')
  const lagSeconds = gauge('lag_seconds', 'Age of the oldest message that is not committed')
  const lost = gauge('lost_messages', 'Messages that the stream dropped before they were committed')
  const missing = gauge('missing_messages', 'Messages that are neither rows nor dead letters')
  const unexplained = gauge('unexplained_messages', 'Messages without a row, whose dead letters may have been removed')
  const double = gauge('double_rows', 'Rows that are there twice')
  const counted = gauge('counted_messages', 'Messages whose rows were looked at')
  const succeeded = gauge('success_timestamp_seconds', 'When an audit was last done')
  const failures = new Counter({ name: 'lake_audit_failures_total', help: 'Audits that could not be done', labelNames, registers })
  return {
    failed: (table: string) => failures.inc({ table }),
    tell({ table, stream, counts }: Audit) {
      const name = { table }
      lagMessages.set(name, stream.lagMessages ?? Number.NaN)
      lagSeconds.set(name, stream.lagSeconds ?? Number.NaN)
      lost.set(name, stream.lost ?? Number.NaN)
      failures.inc(name, 0)
      succeeded.set(name, Date.now() / 1000)
      // Without a count, what the last one found still holds.
      if (!counts) return
      missing.set(name, counts.missing ?? Number.NaN)
      unexplained.set(name, counts.unexplained)
      double.set(name, counts.double)
      counted.set(name, counts.messages)
    },
  }
}
