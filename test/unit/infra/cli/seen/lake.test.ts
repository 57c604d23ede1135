import { expect, test } from 'vitest'
import { samplesOf } from '../../../../../infra/cli/seen/exposition.ts'
import { lakeStates, lakeTable } from '../../../../../infra/cli/seen/lake.ts'

test('a table is shown as its upkeep told of it, and what is not known as such', () => {
  const states = lakeStates(
    samplesOf(
      [
        'lake_table_files{table="lake/ticks",process="lake-upkeep"} 12',
        'lake_table_bytes{table="lake/ticks",process="lake-upkeep"} 2500000',
        'lake_audit_lag_messages{table="lake/ticks"} 1200',
        'lake_audit_lag_seconds{table="lake/ticks"} 8.25',
        'lake_audit_lost_messages{table="lake/ticks"} 0',
        'lake_audit_missing_messages{table="lake/ticks"} Nan',
        'lake_audit_success_timestamp_seconds{table="lake/ticks"} 1000',
        'lake_upkeep_runs_total{outcome="done"} 3',
      ].join('\n'),
    ),
  )
  expect(states).toEqual([
    {
      table: 'lake/ticks',
      files: 12,
      bytes: 2_500_000,
      lagMessages: 1200,
      lagSeconds: 8.25,
      lost: 0,
      missing: null,
      double: null,
      auditedAtMs: 1_000_000,
    },
  ])
  const [, head, , line] = lakeTable(states)
  expect(head).toMatch(/lake.*files.*MB.*behind.*oldest.*lost.*missing.*double/)
  expect(line).toMatch(/lake\/ticks.* 12 .* 2\.5 .* 1,200 .* 8\.3 s .* 0 .* - .* - .*1970-01-01 00:16:40/)
  expect(lakeTable([])).toEqual([])
})
